import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FunctionName, functions } from "../../functions/manifest.ts";
import { type Host, makeHost } from "../remote/host.ts";
import { type Sshd, startSshd, withoutSshd } from "../remote/sshd.ts";
import { type GuardedCloud, startGuardedCloud } from "../support/iam/cloud.ts";
import { operationNames } from "../support/iam/customer.ts";
import { decide, type PolicyStatement } from "../support/iam/decide.ts";
import { liveAnAccount } from "../support/iam/story.ts";

const reason = withoutSshd();
const LEADING = "dynamodb:LeadingKeys";
const EVERY = "ForAllValues:StringLike";

/** Grants by partition or resource that no story can lead to, with the reason. */
const rare: readonly string[] = [
  // A sync that began before its account was closed and ended after.
  "billing/reconcile CLOSED#*",
];

describe.skipIf(reason)(`every function as built, with its own role${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let guarded: GuardedCloud;
  let host: Host;
  let sshd: Sshd;
  beforeAll(async () => {
    host = makeHost();
    sshd = await startSshd(host);
    guarded = await startGuardedCloud();
  });
  afterAll(async () => {
    await guarded?.close();
    await sshd?.stop();
    host?.remove();
  });

  /** What would have been refused to a function if its role had other statements. */
  function refusedWith(name: FunctionName, change: (statement: PolicyStatement) => readonly PolicyStatement[]): string[] {
    const own = guarded.made.functions.get(name)?.role;
    return guarded
      .decided()
      .filter(({ by, request }) => by === name && request.principal === own?.arn)
      .filter(({ request, attached: { identity, resource } }) => {
        return decide(request, { identity: identity.flatMap(change), resource }) !== "allowed";
      })
      .map(({ request: { action, context } }) =>
        `${action} ${[context[LEADING] ?? []].flat().map((key) => key.split("#")[0])}`.trim(),
      );
  }
  const actionsOf = ({ Action }: PolicyStatement) => [Action].flat();
  const partitionsOf = ({ Condition }: PolicyStatement) => [Condition?.[EVERY]?.[LEADING] ?? []].flat();
  const without = (unwanted: (statement: PolicyStatement) => boolean) => (each: PolicyStatement) =>
    unwanted(each) ? [] : [each];
  /** A statement for fewer partitions. */
  const narrowed = (statement: PolicyStatement, keep: (partition: string) => boolean): PolicyStatement => ({
    ...statement,
    ...(partitionsOf(statement).length > 0 && { Condition: { [EVERY]: { [LEADING]: partitionsOf(statement).filter(keep) } } }),
  });

  test("is refused nothing in an account's whole life, which has every operation of the API and every function in it", async () => {
    // What was refused says more than what came of it.
    const [lived] = await Promise.allSettled([Promise.race([liveAnAccount(guarded, sshd), guarded.refused])]);
    const decided = guarded.decided();
    expect(decided.filter(({ decision }) => decision !== "allowed").map(({ by, request }) => ({ by, ...request }))).toEqual([]);
    expect(guarded.unknown).toEqual([]);
    if (lived.status === "rejected") throw lived.reason;
    expect(lived.value).toEqual(operationNames);
    expect([...new Set(decided.map(({ by }) => by))].sort()).toEqual(Object.keys(functions).sort());
  });

  test("needs each of its grants: without one, by resource and by partition, something in that life is refused", () => {
    const needless: string[] = [];
    for (const [name, { role }] of guarded.made.functions)
      for (const statement of role.statements) {
        const partitions = partitionsOf(statement);
        if (
          partitions.length === 0 &&
          refusedWith(
            name,
            without((each) => each === statement),
          ).length === 0
        )
          needless.push(`${name} ${actionsOf(statement)} ${statement.Resource}`);
        for (const partition of partitions) {
          const less = narrowed(statement, (each) => each !== partition);
          if (refusedWith(name, (each) => (each === statement ? [less] : [each])).length === 0)
            needless.push(`${name} ${partition}`);
        }
      }
    expect(needless).toEqual(rare);
  });

  test("would be refused a token's mark at its first event stream, were that grant not there or for fewer partitions", () => {
    const marks = (each: PolicyStatement) => actionsOf(each).includes("dynamodb:UpdateItem");
    const refused = refusedWith("api/stream", without(marks));
    expect(refused).toContain("dynamodb:UpdateItem TOKEN");
    expect(refused).toContain("dynamodb:UpdateItem TENANT");
    const fewer = refusedWith("api/stream", (each) => [
      marks(each) ? narrowed(each, (partition) => partition !== "TENANT#*") : each,
    ]);
    expect(fewer).toEqual(["dynamodb:UpdateItem TENANT"]);
  });

  test("would be refused a server's key and a new one, were the encryption context another or not there", () => {
    const other = (each: PolicyStatement): PolicyStatement[] => [
      actionsOf(each).includes("kms:Decrypt")
        ? { ...each, Condition: { StringEquals: { "kms:EncryptionContext:what": "variable" } } }
        : each,
    ];
    expect(new Set(refusedWith("workers/rollout", other))).toEqual(new Set(["kms:Decrypt"]));
    const made = guarded.decided().find(({ request }) => request.action === "kms:GenerateDataKey");
    if (!made) throw new Error("no data key was made");
    const { "kms:EncryptionContext:tenant": _tenant, ...rest } = made.request.context;
    expect(decide({ ...made.request, context: rest }, made.attached)).toBe("denied");
  });

  test("would read no row at all, did the key's policy not let the table use the key in its name", () => {
    const read = guarded.decided().find(({ request }) => "kms:ViaService" in request.context);
    if (!read) throw new Error("no row was read");
    const { identity, resource } = read.attached;
    expect(decide(read.request, { identity, resource: resource.filter(({ Condition }) => !Condition) })).toBe("denied");
  });
});
