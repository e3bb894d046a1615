import { DUE_INDEX } from "@berth/domain/job/sweep.ts";
import { Match } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { synthesize } from "./synth.ts";

const { data, service, stacks } = synthesize();

test("the table is on demand with a ceiling, recoverable to any second, kept and protected from deletion", () => {
  data.hasResource("AWS::DynamoDB::Table", {
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      BillingMode: "PAY_PER_REQUEST",
      OnDemandThroughput: { MaxReadRequestUnits: Match.anyValue(), MaxWriteRequestUnits: Match.anyValue() },
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

test("the due index is the one the sweep asks, sparse and with keys only", () => {
  data.hasResourceProperties("AWS::DynamoDB::Table", {
    GlobalSecondaryIndexes: [
      Match.objectLike({
        IndexName: DUE_INDEX,
        KeySchema: [
          { AttributeName: "duePk", KeyType: "HASH" },
          { AttributeName: "dueAt", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
      }),
    ],
  });
});

test("the table is encrypted with the one key, which is rotated and kept", () => {
  data.resourceCountIs("AWS::KMS::Key", 1);
  data.hasResource("AWS::KMS::Key", { DeletionPolicy: "Retain", Properties: { EnableKeyRotation: true } });
  const [id] = Object.keys(data.findResources("AWS::KMS::Key"));
  data.hasResourceProperties("AWS::DynamoDB::Table", {
    SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: { "Fn::GetAtt": [id, "Arn"] } },
  });
});

test("the key's policy lets the account in through DynamoDB only, beside its administration", () => {
  const [key] = Object.values(data.findResources("AWS::KMS::Key"));
  const statements: { Principal: { AWS: unknown }; Condition?: { StringEquals: Record<string, unknown> } }[] =
    key?.Properties.KeyPolicy.Statement;
  const open = statements.filter(({ Principal }) => Principal.AWS === "*");
  expect(open).toHaveLength(1);
  expect(Object.keys(open[0]?.Condition?.StringEquals ?? {}).sort()).toEqual(["kms:CallerAccount", "kms:ViaService"]);
  expect(JSON.stringify(open[0]?.Condition)).toContain("dynamodb.");
});

test("what must outlive a deploy is in a stack that cannot be deleted by accident, and nothing else is there", () => {
  expect(stacks.data.terminationProtection).toBe(true);
  const types = Object.values(data.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
  expect(new Set(types)).toEqual(new Set(["AWS::DynamoDB::Table", "AWS::KMS::Alias", "AWS::KMS::Key"]));
  service.resourceCountIs("AWS::DynamoDB::Table", 0);
  service.resourceCountIs("AWS::KMS::Key", 0);
});

test("no secret's value is in a template: parameters are named, not made", () => {
  for (const template of [data, service]) {
    template.resourceCountIs("AWS::SSM::Parameter", 0);
    template.resourceCountIs("AWS::SecretsManager::Secret", 0);
    expect(JSON.stringify(template.toJSON())).not.toMatch(/\b(sk|rk|whsec)_/);
  }
});
