import { expect, test } from "vitest";
import { decide, type IamRequest, type PolicyStatement } from "../support/iam/decide.ts";
import { requestsOf } from "../support/iam/requests.ts";

const role = "arn:aws:iam::000000000000:role/Worker";
const table = "arn:aws:dynamodb:local:000000000000:table/berth-local";
const key = "arn:aws:kms:local:000000000000:key/local";
const asked = (context: IamRequest["context"] = {}, more: Partial<IamRequest> = {}): IamRequest => ({
  principal: role,
  action: "dynamodb:GetItem",
  resource: table,
  context,
  ...more,
});
const allow = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: "Allow",
  Action: "dynamodb:GetItem",
  Resource: table,
  ...more,
});
const own = (request: IamRequest, ...identity: PolicyStatement[]) => decide(request, { identity, resource: [] });

test("what nothing allows is denied, by action, resource and condition, and `*` and `?` are wildcards", () => {
  expect(own(asked())).toBe("denied");
  expect(own(asked(), allow())).toBe("allowed");
  expect(own(asked(), allow({ Action: ["dynamodb:Put*", "dynamodb:getitem"] }))).toBe("allowed");
  expect(own(asked(), allow({ Action: "dynamodb:Get" }))).toBe("denied");
  expect(own(asked(), allow({ Action: "dynamodb:???Item" }))).toBe("allowed");
  expect(own(asked(), allow({ Resource: `${table}/index/due` }))).toBe("denied");
  expect(own(asked(), allow({ Resource: `${table}*` }))).toBe("allowed");
});

test("a denial wins over every permission, whichever side it is on", () => {
  const no = allow({ Effect: "Deny", Action: "dynamodb:*" });
  expect(own(asked(), allow(), no)).toBe("explicitly denied");
  expect(decide(asked(), { identity: [allow()], resource: [{ ...no, Principal: "*" }] })).toBe("explicitly denied");
});

test("every one of many values must match, and none at all match: a read without leading keys would pass", () => {
  const limited = allow({ Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["TENANT#*", "TOKEN#*"] } } });
  expect(own(asked({ "dynamodb:LeadingKeys": ["TENANT#a", "TOKEN#b"] }), limited)).toBe("allowed");
  expect(own(asked({ "dynamodb:LeadingKeys": ["TENANT#a", "CODE#b"] }), limited)).toBe("denied");
  expect(own(asked(), limited)).toBe("allowed");
});

test("all conditions must hold, and one on a key that is not there does not", () => {
  const Condition = {
    StringEquals: { "kms:EncryptionContext:what": "ssh-key" },
    Null: { "kms:EncryptionContext:tenant": "false" },
  };
  const open = allow({ Condition });
  const about = { "kms:EncryptionContext:what": "ssh-key", "kms:EncryptionContext:tenant": "ten_1" };
  expect(own(asked(about), open)).toBe("allowed");
  expect(own(asked({ ...about, "kms:EncryptionContext:what": "variable" }), open)).toBe("denied");
  expect(own(asked({ "kms:EncryptionContext:what": "ssh-key" }), open)).toBe("denied");
  expect(own(asked({ "kms:EncryptionContext:tenant": "ten_1" }), open)).toBe("denied");
});

test("a key's policy decides: only what it leaves to the account is the role's to allow", () => {
  const request = asked({}, { action: "kms:Decrypt", resource: key });
  const identity = [allow({ Action: "kms:Decrypt", Resource: key })];
  const policy = (AWS: string): PolicyStatement[] => [allow({ Action: "kms:*", Resource: key, Principal: { AWS } })];
  expect(decide(request, { identity, resource: [] })).toBe("denied");
  expect(decide(request, { identity, resource: policy("arn:aws:iam::000000000000:root") })).toBe("allowed");
  expect(decide(request, { identity: [], resource: policy("arn:aws:iam::000000000000:root") })).toBe("denied");
  expect(decide(request, { identity: [], resource: policy(role) })).toBe("allowed");
  expect(decide(request, { identity: [], resource: policy(`${role}s`) })).toBe("denied");
});

test.each<[string, object]>([
  ["operator", { Condition: { NumericEquals: { "dynamodb:LeadingKeys": "1" } } }],
  ["operator of a set", { Condition: { "ForAllValues:NumericEquals": { "dynamodb:LeadingKeys": "1" } } }],
  ["key", { Condition: { StringEquals: { "dynamodb:Select": "COUNT" } } }],
  ["single value of many", { Condition: { StringEquals: { "dynamodb:LeadingKeys": "TENANT#a" } } }],
  ["member", { NotAction: "dynamodb:Scan" }],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy's variable
  ["variable", { Resource: "arn:aws:dynamodb:local:000000000000:table/${aws:username}" }],
])("an unknown %s is an error, and never a yes or a no", (_, more) => {
  expect(() => own(asked({ "dynamodb:LeadingKeys": ["TENANT#a"] }), allow(more))).toThrow(/known here|many values/);
});

test("a call that no function is known to make is an error until it is said what it needs", () => {
  for (const [service, target] of [
    ["dynamodb", "DynamoDB_20120810.Scan"],
    ["dynamodb", "DynamoDB_20120810.ExecuteStatement"],
    ["sqs", "AmazonSQS.PurgeQueue"],
    ["kms", "TrentService.Encrypt"],
    ["ssm", "AmazonSSM.GetParametersByPath"],
    ["s3", "PutObject"],
  ] as const)
    expect(() => requestsOf(service, target, "/", { TableName: "berth-local" }), target).toThrow("is not known here");
});

test("a transaction asks for each of its parts, and a read of many rows for all of their partitions", () => {
  const row = (pk: string) => ({ pk: { S: pk }, sk: { S: "A" } });
  const of = (operation: string, input: object) =>
    requestsOf("dynamodb", `DynamoDB_20120810.${operation}`, "/", input)
      .filter(({ action }) => action.startsWith("dynamodb:"))
      .map(({ action, resource, context }) => [action, resource.replace(table, ""), context["dynamodb:LeadingKeys"]]);
  const TableName = "berth-local";
  const items = [{ Put: { TableName, Item: row("TENANT#a") } }, { ConditionCheck: { TableName, Key: row("TOKEN#b") } }];
  expect(of("TransactWriteItems", { TransactItems: items })).toEqual([
    ["dynamodb:PutItem", "", ["TENANT#a"]],
    ["dynamodb:ConditionCheckItem", "", ["TOKEN#b"]],
  ]);
  const Keys = [row("TENANT#a"), row("CODE#b")];
  expect(of("BatchGetItem", { RequestItems: { [TableName]: { Keys } } })).toEqual([
    ["dynamodb:BatchGetItem", "", ["TENANT#a", "CODE#b"]],
  ]);
  const query = { TableName, IndexName: "due", KeyConditionExpression: "duePk = :shard AND dueAt <= :now" };
  const ExpressionAttributeValues = { ":shard": { S: "DUE#1" }, ":now": { S: "2027" } };
  expect(of("Query", { ...query, ExpressionAttributeValues })).toEqual([["dynamodb:Query", "/index/due", ["DUE#1"]]]);
});
