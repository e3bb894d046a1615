import { KEPT_DAYS } from "@berth/aws/kept.ts";
import { listedFields } from "@berth/domain/entitlement/listed-fields.ts";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { AnyPrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/** On demand as it is, but not without end: what a flood can cost in an hour has a ceiling. */
const MOST_UNITS = 10_000;

/** What must outlive every deploy of the service: the table and the key. Secrets of the service itself are parameters that a person writes. */
export interface Data {
  readonly table: Table;
  readonly key: Key;
  /** What services are built from; it can all be sent again. */
  readonly bucket: Bucket;
  /** Names of SecureString parameters; their values are in no template. */
  readonly parameters: { readonly stripeSecret: string; readonly stripeWebhook: string };
}

export function data(scope: Construct, stage: string): Data {
  const key = new Key(scope, "Key", {
    alias: `berth-${stage}`,
    description: `Berth ${stage}: the table, and the data keys of sealed values`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  key.addToResourcePolicy(throughTheTable(Stack.of(scope)));
  const table = new Table(scope, "Table", {
    partitionKey: { name: "pk", type: AttributeType.STRING },
    sortKey: { name: "sk", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    maxReadRequestUnits: MOST_UNITS,
    maxWriteRequestUnits: MOST_UNITS,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: "ttl",
    // The relay reads the job again, so its keys are all it needs.
    stream: StreamViewType.KEYS_ONLY,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  table.addGlobalSecondaryIndex({
    indexName: "due",
    partitionKey: { name: "duePk", type: AttributeType.STRING },
    sortKey: { name: "dueAt", type: AttributeType.STRING },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: Object.keys(listedFields),
    maxReadRequestUnits: MOST_UNITS,
    maxWriteRequestUnits: MOST_UNITS,
  });
  const bucket = new Bucket(scope, "Bucket", {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ expiration: Duration.days(KEPT_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  return {
    table,
    bucket,
    key,
    parameters: { stripeSecret: `/berth/${stage}/stripe/secret`, stripeWebhook: `/berth/${stage}/stripe/webhook` },
  };
}

/**
 * DynamoDB opens the table's own keys in the name of whoever reads it. Allowed here for that way only, so that a role that reads rows needs
 * no right to decrypt, and with it no way to open a sealed value.
 */
const throughTheTable = (stack: Stack) =>
  new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: [
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ],
    resources: ["*"],
    conditions: {
      StringEquals: { "kms:CallerAccount": stack.account, "kms:ViaService": `dynamodb.${stack.region}.amazonaws.com` },
    },
  });
