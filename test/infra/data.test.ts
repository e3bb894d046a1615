import { listedFields } from "@berth/domain/entitlement/listed-fields.ts";
import { DUE_INDEX } from "@berth/domain/query.ts";
import { expect, test } from "vitest";
import { type Resource, synthesize } from "./synth.ts";

const made = synthesize();
const { data, service } = made;

function only(type: string): [string, Resource] {
  const [found, ...more] = made.of(type, data);
  if (!found || more.length > 0) throw new Error(`there is not exactly one ${type}`);
  return found;
}

const [keyId, key] = only("AWS::KMS::Key");
const [, table] = only("AWS::DynamoDB::Table");
const kept = { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" };

test("the table is on demand with a ceiling, recoverable to any second, kept and protected from deletion", () => {
  expect(table).toMatchObject({
    ...kept,
    Properties: {
      BillingMode: "PAY_PER_REQUEST",
      OnDemandThroughput: { MaxReadRequestUnits: expect.any(Number), MaxWriteRequestUnits: expect.any(Number) },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
      StreamSpecification: { StreamViewType: "KEYS_ONLY" },
    },
  });
});

test("the due index is the one the sweep asks, sparse and with what the nightly comparison asks of an account", () => {
  expect(table.Properties.GlobalSecondaryIndexes).toMatchObject([
    {
      IndexName: DUE_INDEX,
      KeySchema: [
        { AttributeName: "duePk", KeyType: "HASH" },
        { AttributeName: "dueAt", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: Object.keys(listedFields) },
    },
  ]);
});

test("the table is encrypted with the one key, which is rotated and kept", () => {
  expect(key).toMatchObject({ ...kept, Properties: { EnableKeyRotation: true } });
  expect(table.Properties.SSESpecification).toEqual({
    SSEEnabled: true,
    SSEType: "KMS",
    KMSMasterKeyId: { "Fn::GetAtt": [keyId, "Arn"] },
  });
});

test("the key's policy lets the account in through DynamoDB only, beside its administration", () => {
  const statements: { Principal: { AWS: unknown }; Condition?: { StringEquals: Record<string, unknown> } }[] =
    key.Properties.KeyPolicy.Statement;
  const open = statements.filter(({ Principal }) => Principal.AWS === "*");
  expect(open).toHaveLength(1);
  expect(Object.keys(open[0]?.Condition?.StringEquals ?? {}).sort()).toEqual(["kms:CallerAccount", "kms:ViaService"]);
  expect(JSON.stringify(open[0]?.Condition)).toContain("dynamodb.");
});

test("what must outlive a deploy is in a stack that cannot be deleted by accident, and nothing else is there", () => {
  expect(made.dataIsProtected).toBe(true);
  const types = Object.values(data.Resources).map(({ Type }) => Type);
  expect(types.sort()).toEqual([
    "AWS::DynamoDB::Table",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
  ]);
  for (const type of types) expect(made.of(type), type).toEqual([]);
});

test("no secret's value is in a template: parameters are named, not made", () => {
  for (const template of [data, service]) {
    expect([...made.of("AWS::SSM::Parameter", template), ...made.of("AWS::SecretsManager::Secret", template)]).toEqual([]);
    expect(JSON.stringify(template)).not.toMatch(/\b(sk|rk|whsec)_/);
  }
});
