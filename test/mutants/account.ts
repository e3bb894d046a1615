// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const targets = ["test/api/targets.test.ts"];
const checks = ["test/api/target-checks.test.ts"];
const closing = ["test/api/closing.test.ts"];
const underway = ["test/api/closing-underway.test.ts"];
const deployments = ["test/api/deployments.test.ts"];
const files = ["test/api/deployed-files.test.ts"];

/** What an account may have, change and leave. */
export const account = [
  ...within(
    "packages/domain/src/target/address.ts",
    ["test/domain/names.test.ts"],
    ["an import reads the names of the net for anybody", "(names || !isName(host))", "(names || host)"],
    ["and as many of them as somebody likes", "if (count > 0) await limit", "if (count < 0) await limit"],
    ["and waits for each as long as its servers like", "within(ctx, LOOKUP_SECONDS,", "within(ctx, LOOKUP_SECONDS * 100,"],
    [
      "a server with a private address is added in the cloud",
      "allowPrivate: ctx.privateTargets",
      "allowPrivate: ctx.privateTargets || true",
      "test/api/targets.test.ts",
    ],
    ["and for all of them together", "ctx.now().getTime() < until ?", "until > 0 ?"],
  ),
  ...within(
    "packages/domain/src/target/target.ts",
    targets,
    [
      "a host key that was shown since is confirmed unseen",
      '"shownKey.fingerprint = :print OR hostKey.fingerprint = :print"',
      '"attribute_exists(pk) OR shownKey.fingerprint = :print"',
      ...checks,
    ],
    [
      "a stolen session confirms another server's key",
      '  allow(ctx, "admin");\n  requireProof(ctx);\n',
      '  allow(ctx, "admin");\n',
      ...checks,
    ],
    [
      "any fingerprint confirms what the server showed",
      "if (shown.fingerprint !== input.fingerprint)",
      'if (input.fingerprint === "")',
      ...checks,
    ],
    [
      "a server with an app on it is forgotten",
      '"attribute_exists(pk) AND attribute_not_exists(apps)"',
      '"attribute_exists(pk)"',
    ],
    ["two workers look at one server at once", "    if (going) return going;\n", "", ...checks],
  ),
  ...within(
    "packages/domain/src/target/add.ts",
    targets,
    ["more servers than the plan has", 'entitled(ctx, "grow", { targets: 1 })', 'entitled(ctx, "grow")'],
    [
      "a role opens its servers to every tenant",
      "externalId: ctx.tenant",
      'externalId: "berth"',
      "test/api/managed-targets.test.ts",
    ],
    [
      "a tenant has a role of our own account taken",
      "if (role.includes(`::${ctx.account}:`))",
      'if (role === "")',
      "test/api/managed-targets.test.ts",
    ],
    ["somebody searches a network by our addresses", "  await limitChecks(ctx);\n  if", "  if"],
  ),
  ...within("packages/domain/src/closing/closing.ts", underway, [
    "who signs up again while the old account closes is locked out of the new one",
    "?.tenant === ctx.tenant)",
    "?.tenant !== undefined)",
  ]),
  ...within(
    "packages/domain/src/closing/close.ts",
    closing,
    ["an account is closed while a deploy is accepted", " AND deploys = :seen", " AND (deploys = :seen OR deploys <> :seen)"],
    ["a token with half of an owner's rights closes the account", '  allow(ctx, "billing"); // both: an owner\n', ""],
  ),
  ...within(
    "packages/domain/src/entitlement/permission.ts",
    ["test/api/permissions.test.ts"],
    ["nobody rolls back in the days of grace", 'rollback: ["active", "grace"]', 'rollback: ["active"]'],
  ),
  ...within(
    "packages/domain/src/entitlement/account.ts",
    ["test/api/permissions.test.ts"],
    [
      "who has not paid for a month deploys on",
      "now.toISOString() < account.graceUntil ?",
      'now.toISOString() > "" || account.graceUntil ?',
    ],
    ["who disputes a payment deploys on", 'if (action === "grow" && account.hold)', 'if (action === "rollback" && account.hold)'],
    ["the commit of a rollback does not look at the grace's end", "AND graceUntil > :now", "AND graceUntil <> :now"],
    ["more apps than the plan has", 'what === "slots" ? "slotLimit" : "targetLimit"', '"targetLimit"', ...deployments],
  ),
  ...within("packages/domain/src/deployment/deploy.ts", deployments, [
    "a Compose file is read for who may not deploy it",
    '    assertPermitted(ctx, account, "grow");\n',
    "",
    ...files,
  ]),
  ...within(
    "packages/domain/src/app/placement.ts",
    deployments,
    [
      "a release goes to a server whose key nobody confirmed",
      "for (const target of found) if (!isTrusted(target)) throw untrusted(target.name);",
      "",
    ],
    [
      "a later deploy forgets the servers it does not name",
      "return [...kept, ...found.map",
      "return [...kept.slice(0, 0), ...found.map",
    ],
  ),
  ...within("packages/domain/src/deployment/admission.ts", deployments, [
    "there is no end of deploys that wait",
    "going.size >= WAITING_MOST",
    "going.size > WAITING_MOST",
  ]),
  ...within(
    "packages/domain/src/release/return.ts",
    ["test/domain/return.test.ts"],
    [
      "a rollback leads to a release that was never healthy",
      "if (environment.healthy.includes(release)) return undefined;",
      "if (environment.releases >= release) return undefined;",
    ],
    [
      "after a deploy that went live on some servers a rollback goes too far back",
      "if (Object.values(live).some((number) => number !== last)) return last;",
      "",
    ],
  ),
];
