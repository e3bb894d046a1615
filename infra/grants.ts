import { Stack } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Handler } from "./handler.ts";
import type { WorkQueue } from "./queue-worker.ts";

/**
 * Rights, each a sentence: who may do what to which resource. Single actions on single resources; where the service lets us, on single
 * partitions or on ciphertexts about one thing.
 */
const allow = ({ lambda }: Handler, actions: string[], resources: string[], conditions?: Record<string, object>) =>
  lambda.addToRolePolicy(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));

/** Patterns of partition keys, such as `TENANT#*`. No Scan is ever granted, so every request has leading keys to compare. */
const leading = (partitions: readonly string[]) => ({
  "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...partitions] },
});

const reads = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"];
const writes = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];

export const mayRead = (handler: Handler, table: Table, ...partitions: string[]) =>
  allow(handler, reads, [table.tableArn], leading(partitions));

export const mayChange = (handler: Handler, table: Table, ...partitions: string[]) =>
  allow(handler, [...reads, ...writes], [table.tableArn], leading(partitions));

/** Marks on rows that exist, such as a token's last use. */
export const mayMark = (handler: Handler, table: Table, ...partitions: string[]) =>
  allow(handler, ["dynamodb:UpdateItem"], [table.tableArn], leading(partitions));

/** Removes rows it cannot read: credentials of an account that is closed. */
export const mayErase = (handler: Handler, table: Table, ...partitions: string[]) =>
  allow(handler, ["dynamodb:DeleteItem"], [table.tableArn], leading(partitions));

/** The sparse index of work that is due, by its shards. */
export const mayFindDue = (handler: Handler, table: Table, ...shards: string[]) =>
  allow(handler, ["dynamodb:Query"], [`${table.tableArn}/index/due`], leading(shards));

export const maySend = (handler: Handler, { queue }: WorkQueue) => allow(handler, ["sqs:SendMessage"], [queue.queueArn]);

/** May make data keys to seal a tenant's values with, and can open none of them. */
export const maySeal = (handler: Handler, key: Key) =>
  allow(handler, ["kms:GenerateDataKey"], [key.keyArn], { Null: { "kms:EncryptionContext:tenant": "false" } });

/** May open values sealed to be `what`, of a tenant that the ciphertext itself names. */
export const mayOpen = (handler: Handler, key: Key, what: string) =>
  allow(handler, ["kms:Decrypt"], [key.keyArn], {
    StringEquals: { "kms:EncryptionContext:what": what },
    Null: { "kms:EncryptionContext:tenant": "false" },
  });

export const mayReadParameter = (handler: Handler, name: string) => {
  const { partition, region, account } = Stack.of(handler);
  allow(handler, ["ssm:GetParameter"], [`arn:${partition}:ssm:${region}:${account}:parameter${name}`]);
};

/** May take roles of customers' accounts, each by the external id of its tenant, and none of our own. */
export const mayTakeRoles = (handler: Handler) =>
  allow(handler, ["sts:AssumeRole"], ["arn:aws:iam::*:role/berth*"], {
    Null: { "sts:ExternalId": "false" },
    StringNotEquals: { "aws:ResourceAccount": Stack.of(handler).account },
  });

export const mayMailAs = (handler: Handler, address: string) => {
  const { partition, region, account } = Stack.of(handler);
  const domain = address.slice(address.indexOf("@") + 1);
  allow(handler, ["ses:SendEmail"], [`arn:${partition}:ses:${region}:${account}:identity/${domain}`], {
    StringEquals: { "ses:FromAddress": address },
  });
};

/** Who may not list is told 403 of an object that is not there. */
export const mayFetch = (handler: Handler, bucket: Bucket) => {
  allow(handler, ["s3:ListBucket"], [bucket.bucketArn]);
  allow(handler, ["s3:GetObject"], [bucket.arnForObjects("*")]);
};

/** May let others store an object by an address that it signs. */
export const mayStore = (handler: Handler, bucket: Bucket) => allow(handler, ["s3:PutObject"], [bucket.arnForObjects("*")]);
