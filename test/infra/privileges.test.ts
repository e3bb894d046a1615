import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { functions } from "../../functions/manifest.ts";
import { lambdas, referred, type Statement, statementsOf, synthesize } from "./synth.ts";

const made = synthesize();

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

const statements = (name: string) => statementsOf(made, name);
const actions = (name: string) => new Set(statements(name).flatMap(({ Action }) => list(Action)));
const whoMay = (action: string) => Object.keys(functions).filter((name) => actions(name).has(action));
const statementsFor = (name: string, action: string) => statements(name).filter(({ Action }) => list(Action).includes(action));

test("every function has a role of its own, and no role has a managed policy", () => {
  const roles = [...lambdas(made).values()].map(({ Properties }) => referred(Properties.Role));
  expect(new Set(roles).size).toBe(roles.length);
  for (const [id, { Properties }] of made.of("AWS::IAM::Role")) expect(Properties.ManagedPolicyArns, id).toBeUndefined();
});

test("no policy allows an action by wildcard", () => {
  const granted = made.of("AWS::IAM::Policy").flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
  expect(granted.length).toBeGreaterThan(20);
  for (const action of granted.flatMap(({ Action }) => list(Action))) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
});

test("no policy is for every resource, but for listing the names of streams, which takes no other", () => {
  for (const [, { Properties }] of made.of("AWS::IAM::Policy"))
    for (const { Action, Resource } of Properties.PolicyDocument.Statement as Statement[])
      if (list(Resource).includes("*")) expect(Action).toBe("dynamodb:ListStreams");
});

test("only the rollout worker and the function that reveals may decrypt, each only what it needs of a tenant that the ciphertext names", () => {
  expect(whoMay("kms:Decrypt")).toEqual(["api/reveal", "workers/rollout"]);
  const opened = (name: string, ...whats: string[]) =>
    expect(statementsFor(name, "kms:Decrypt"), name).toMatchObject(
      whats.map((what) => ({
        Condition: { StringEquals: { "kms:EncryptionContext:what": what }, Null: { "kms:EncryptionContext:tenant": "false" } },
      })),
    );
  opened("workers/rollout", "ssh-key", "registry-login", "bootstrap-password", "bundle", "value", "addon-password");
  opened("api/reveal", "value");
});

test("only the API may make data keys, each bound to a tenant", () => {
  expect(whoMay("kms:GenerateDataKey")).toEqual(["api/handler"]);
  expect(statementsFor("api/handler", "kms:GenerateDataKey")).toMatchObject([
    { Condition: { Null: { "kms:EncryptionContext:tenant": "false" } } },
  ]);
});

test("Stripe's key is read by the API and by billing only, its webhook secret by the webhook's function only", () => {
  const readers = (parameter: string) =>
    Object.keys(functions).filter((name) =>
      statementsFor(name, "ssm:GetParameter").some(({ Resource }) => JSON.stringify(Resource).includes(parameter)),
    );
  expect(readers("/stripe/secret").sort()).toEqual(["api/handler", "billing/close", "billing/reconcile", "billing/sync"]);
  expect(readers("/stripe/webhook")).toEqual(["webhooks/stripe"]);
});

test("the webhook's function can only put messages on the billing queue: it reads and writes no row", () => {
  const [queue, ...more] = statementsFor("webhooks/stripe", "sqs:SendMessage");
  expect(more).toEqual([]);
  expect(JSON.stringify(queue?.Resource)).toContain("Queuebilling");
  expect([...actions("webhooks/stripe")].filter((action) => action.startsWith("dynamodb:"))).toEqual([]);
});

test("no function may read the whole table, change the table itself or another service's resources", () => {
  for (const name of Object.keys(functions))
    for (const action of actions(name)) {
      expect(action, name).not.toMatch(/Scan|PartiQL|(Create|Update|Delete)Table|Export|Restore|Backup/);
      expect(["dynamodb", "kms", "logs", "s3", "ses", "sqs", "ssm", "sts"], name).toContain(action.split(":")[0]);
    }
});

test("every right to rows is limited to partitions, and a worker for tenants' jobs cannot name a credential's row", () => {
  const partitions = (name: string) =>
    statements(name)
      .filter(({ Action }) => list(Action).some((action) => /^dynamodb:.*Item$/.test(action)))
      .map(({ Condition }) => Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"]);
  for (const name of Object.keys(functions)) for (const each of partitions(name)) expect(each, name).toBeInstanceOf(Array);
  expect(partitions("workers/rollout")).toEqual([["TENANT#*"]]);
  for (const name of ["workers/rollout", "workers/relay", "workers/sweep", "workers/mail", "billing/sync", "billing/reconcile"])
    expect(JSON.stringify(partitions(name)), name).not.toMatch(/TOKEN|SESSION|CODE|DEVICE/);
});

test("what closes accounts removes sessions and tokens and can read none", () => {
  const named = statements("billing/close").filter((each) => /SESSION|TOKEN/.test(JSON.stringify(each.Condition)));
  expect(named.map(({ Action }) => Action)).toEqual(["dynamodb:DeleteItem"]);
});

test("every kind of work that is due is found by exactly one function, which sees no other kind", () => {
  const kinds = globSync("packages/domain/src/**/*.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/[`"]([A-Z]+)#(?:\$\{shard\}|\d+)[`"]|shards?Of\("([A-Z]+)"/g)].map(
      ([, kind, sharded]) => `${kind ?? sharded}#*`,
    ),
  );
  const seen = Object.keys(functions).flatMap((name) =>
    statements(name)
      .filter(({ Resource }) => JSON.stringify(Resource).includes("/index/due"))
      .flatMap(({ Condition }) => Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"]),
  );
  expect(kinds.length).toBeGreaterThan(1);
  expect(seen.sort()).toEqual([...new Set(kinds)].sort());
});

test("the event stream's function changes nothing but when a credential was last used and how many streams a tenant has open", () => {
  const writes = [...actions("api/stream")].filter((action) => /:(Put|Delete|Update|Condition).*Item|Send/.test(action));
  expect(writes).toEqual(["dynamodb:UpdateItem"]);
  const [mark] = statementsFor("api/stream", "dynamodb:UpdateItem");
  expect(mark?.Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"]).toEqual(["TOKEN#*", "TENANT#*"]);
});

test("mails leave only by the mail worker and only from our address", () => {
  expect(whoMay("ses:SendEmail")).toEqual(["workers/mail"]);
  expect(statementsFor("workers/mail", "ses:SendEmail")).toMatchObject([
    { Condition: { StringEquals: { "ses:FromAddress": "berth@berth.example" } } },
  ]);
});

test("roles of customers' accounts are taken by the worker that reaches servers alone, with an external id, and none of our own account", () => {
  expect(whoMay("sts:AssumeRole")).toEqual(["workers/rollout"]);
  expect(statementsFor("workers/rollout", "sts:AssumeRole")).toMatchObject([
    {
      Resource: "arn:aws:iam::*:role/berth*",
      Condition: {
        Null: { "sts:ExternalId": "false" },
        StringNotEquals: { "aws:ResourceAccount": { Ref: "AWS::AccountId" } },
      },
    },
  ]);
});

/** One call that each role must not be able to make, the worst a stolen one could. */
test.each([
  ["api/handler", "kms:Decrypt"],
  ["api/reveal", "kms:GenerateDataKey"],
  ["api/stream", "dynamodb:PutItem"],
  ["billing/close", "kms:Decrypt"],
  ["billing/reconcile", "kms:Decrypt"],
  ["billing/sync", "kms:GenerateDataKey"],
  ["webhooks/stripe", "dynamodb:GetItem"],
  ["workers/mail", "ssm:GetParameter"],
  ["workers/relay", "dynamodb:UpdateItem"],
  ["workers/rollout", "ssm:GetParameter"],
  ["workers/sweep", "kms:Decrypt"],
])("%s may not %s", (name, action) => {
  expect(actions(name)).not.toContain(action);
  expect(actions(name).size).toBeGreaterThan(0);
});
