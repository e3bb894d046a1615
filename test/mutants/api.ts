// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const auth = ["test/api/auth.test.ts"];
const contract = ["test/api/contract.test.ts"];
const account = ["test/api/account.test.ts"];
const jobs = ["test/api/jobs.test.ts"];
const targets = ["test/api/targets.test.ts"];
const closing = ["test/api/closing.test.ts"];
const deployments = ["test/api/deployments.test.ts"];

/** Who may do what, once or twice, and what a stranger may send. */
export const api = [
  ...within(
    "functions/api/credentials.ts",
    auth,
    [
      "a page elsewhere ends its visitor's sessions: a DELETE's Origin is not looked at",
      'new Set(["GET", "HEAD", "OPTIONS"])',
      'new Set(["GET", "HEAD", "OPTIONS", "DELETE"])',
    ],
    [
      "a page elsewhere signs its visitor in as somebody else: without a cookie the Origin is not looked at",
      "if (from !== undefined ? from !== origin : site",
      'if (from !== undefined ? from !== origin && req.header("cookie") !== undefined : site',
    ],
    [
      "a page elsewhere signs its visitor in where the browser says only that it is another site",
      'site !== undefined && site !== "same-origin" && site !== "none"',
      'site === "other"',
    ],
    [
      "a page elsewhere acts for its visitor where the request has some header of authorization beside the cookie",
      "if (bearer === undefined) refuseForeign",
      'if (c.req.header("authorization") === undefined) refuseForeign',
    ],
    [
      "a write with a session passes without an Origin",
      'if (!reads.has(c.req.method) && c.req.header("origin") === undefined) throw new Problem("auth.origin");',
      "",
    ],
    [
      "an answer that is remembered is given to a token with fewer rights",
      "[rights, app, req.path]",
      "[rights.length > 9, app, req.path]",
      "test/api/idempotency.test.ts",
    ],
    [
      "a key used for another request repeats the first one's answer",
      "await req.text()}`)",
      "(await req.text()).slice(0, 0)}`)",
      ...account,
    ],
    ["no answer says until when the grace lasts", "until=${account.graceUntil}", "until=", ...contract],
  ),
  ...within(
    "functions/api/contract.ts",
    contract,
    [
      "a request without a credential is answered",
      'if (spec.scope !== "public" && !c.var.ctx)',
      'if (spec.scope === "admin" && !c.var.ctx)',
    ],
    ["a form of another site is taken for JSON", "/^application\\/json\\s*(;|$)/i", "/json|text/i"],
    ["a body of any size is read", "Buffer.byteLength(text) > most", "Buffer.byteLength(text) > most * 1000"],
    ["a body nested 60,000 deep is read", "const DEPTH = 64;", "const DEPTH = 64_000;"],
    [
      "a name hides in another by marks that turn text around",
      'text.replaceAll(HIDDEN, " ")',
      'text.replaceAll("\\u0000", " ")',
      ...auth,
    ],
    ["a repeat of a request does it again", "!spec.remembers ? await recall", "spec.remembers ? await recall", ...account],
  ),
  ...within(
    "packages/domain/src/context.ts",
    contract,
    [
      "a token that may deploy may do all that an admin may",
      'deploy: ["read", "deploy"],',
      'deploy: ["read", "deploy", "admin"],',
    ],
    ["a token for bills may deploy", 'billing: ["read", "billing"],', 'billing: ["read", "deploy", "billing"],'],
    [
      "a token of one app does what is no app's",
      "if (!mayUse(ctx, subject))",
      "if (subject !== undefined && !mayUse(ctx, subject))",
      ...account,
    ],
  ),
  ...within("packages/domain/src/app/app.ts", account, [
    "a token of one app sees the names of all",
    "(mayUse(ctx, { app: app.name }) ? app : undefined)",
    "app",
  ]),
  ...within(
    "packages/domain/src/job/job.ts",
    jobs,
    ["a token of one app reads the jobs of all", "if (!job || !mayUse(ctx, job)) throw", "if (!job) throw"],
    ["a token of one app lists the jobs of all", "mayUse(ctx, job) && (!input.app", "(!input.app"],
    [
      "a place in another list is taken for one in this",
      'input.cursor !== undefined && !input.cursor.startsWith("job_")',
      'input.cursor === "job_"',
    ],
  ),
  ...within(
    "packages/domain/src/table.ts",
    ["test/api/lists.test.ts"],
    [
      "a list with a filter answers an empty page and more to come",
      "if (round >= ROUNDS && items.length > 0)",
      "if (round >= ROUNDS)",
    ],
  ),
  ...within(
    "packages/domain/src/log/open.ts",
    ["test/api/logs.test.ts"],
    ["a token of one app reads the logs of all", "if (!session || !mayUse(ctx, session)) throw", "if (!session) throw"],
    ["a service that an app has not is silent", "if (services.length > 0) await", "if (services.length > 30) await"],
  ),
  ...within("packages/domain/src/job/activity.ts", jobs, [
    "a token of one app sees what goes on in all",
    ".filter((job) => mayUse(ctx, job));",
    ".filter((job) => mayUse(ctx, job) || job.kind);",
  ]),
  ...within("packages/domain/src/token/token.ts", account, [
    "what was made with a revoked token goes on working",
    'filter(({ parent }) => gone.has(parent ?? ""))',
    'filter(({ parent }) => gone.has(parent ?? "") && !parent)',
  ]),
  ...within(
    "packages/domain/src/turn.ts",
    ["test/domain/at-once.test.ts"],
    [
      "who asks for many at once gets more than there may be",
      'condition: seen ? "added = :seen" : "attribute_not_exists(pk)",\n        values: { ":next": added + 1, ...(seen && { ":seen": added }) },',
      'condition: "attribute_not_exists(nothing)",\n        values: { ":next": added + 1 },',
    ],
    ["who is overtaken is refused", "if (error !== overtaken) throw error;", "if (error) throw error;"],
  ),
  ...within(
    "packages/domain/src/token/issue.ts",
    account,
    ["a stolen session makes itself a token for a year", "  requireProof(ctx);\n", ""],
    [
      "a token without an end outlives the one it was made with",
      "new Date(parent.expiresAt) < asked ?",
      "new Date(parent.expiresAt) > asked ?",
    ],
    [
      "a token that is revoked at this moment makes another",
      "    parentLives(ctx),\n",
      "    ctx.actor.id ? undefined : parentLives(ctx),\n",
    ],
    ["a token gives away rights that it has not", "  for (const scope of input.scopes) allow(ctx, scope);\n", ""],
    ["there is no end of tokens, and a list hides one", "held.length >= TOKENS_MOST", "held.length > TOKENS_MOST"],
    ["nobody is told of a new token", "  for (const { mail } of told) await send(ctx, mail);\n", "", "test/api/account.test.ts"],
  ),
  ...within(
    "packages/domain/src/auth/session.ts",
    ["test/api/sessions.test.ts"],
    ["a session that was ended goes on working", "    erase(ctx, sessionKey(found.hash)),\n", ""],
    [
      "people of one account see and end each other's sessions",
      ".filter((each) => each.user === user)",
      '.filter((each) => each.user !== "" || user)',
    ],
    ["signing out elsewhere ends this session too", ".filter(({ hash }) => !isCurrent(ctx, hash))", ""],
  ),
  ...within(
    "packages/domain/src/auth/proof.ts",
    ["test/api/proof.test.ts"],
    [
      "a proof of yesterday still counts",
      "PROOF_MINUTES * 60_000).toISOString();\n  const provedAt",
      "PROOF_MINUTES * 60_000_000).toISOString();\n  const provedAt",
    ],
    [
      "a token without rights has mails sent",
      'if (ctx.actor.kind === "token" && !ctx.actor.scopes.includes("billing")) allow(ctx, "admin");',
      "",
    ],
    ["tokens use up the proofs of the person", "`proof-day#${whose}`", "`proof-day#${whose && ctx.tenant}`"],
  ),
  ...within(
    "packages/domain/src/auth/code.ts",
    auth,
    [
      "a stranger's guesses use up the code of another browser",
      'globalKey("CODE", sha256(`${browser}|${email}`))',
      'globalKey("CODE", sha256(`${browser.slice(0, 0)}|${email}`))',
    ],
    ["a code can be guessed without end", "AND tries < :most", "AND (tries < :most OR tries >= :most)"],
    ["strangers keep a customer from signing in", "    ...(known\n", '    ...(known && browser === ""\n'],
    ["nobody is told of a sign-in elsewhere", "former && !known\n", "former && known\n"],
    ["a code works twice", "      used,\n      isOpen(ctx),", "      isOpen(ctx),"],
    ["somebody signs in to an account that is being closed", "      used,\n      isOpen(ctx),\n", "      used,\n", ...closing],
  ),
  ...within(
    "packages/domain/src/rate-limit.ts",
    ["test/domain/rate.test.ts"],
    [
      "a request that is refused is counted against others",
      "if (Number(rows[i]?.calls ?? 0) + window.count > window.most) throw tooMany(window);",
      "void rows[i];",
    ],
    ["a line of IPv6 is as many callers as it has addresses", "prefix(ip, 64)", "ip || prefix(ip, 64)"],
    ["a site of IPv6 is 65,536 callers", "most: most * 10, seconds", "most: most * 65_536, seconds"],
  ),
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
    "packages/domain/src/token/device.ts",
    auth,
    [
      "a command line that logs in may ask without a pause",
      "now - login.askedAt < (INTERVAL_SECONDS * 1000) / 2",
      "now - login.askedAt < 0",
    ],
    [
      "a login that is asked for twice gives two tokens",
      'condition: "#status = :approved"',
      'condition: "#status = :approved OR #status <> :approved"',
    ],
    ["a token confirms a login by itself", 'if (ctx.actor.kind !== "user") throw', 'if (ctx.actor.kind === "system") throw'],
    [
      "a stolen session confirms a login that lasts",
      "if (input.approve) requireProof(ctx);",
      "if (!input.approve) requireProof(ctx);",
    ],
    ["the short code alone fetches the token", "login.deviceHash !== sha256(secret) || ", ""],
  ),
  ...within(
    "packages/domain/src/target/target.ts",
    targets,
    [
      "a host key that was shown since is confirmed unseen",
      '"shownKey.fingerprint = :print OR hostKey.fingerprint = :print"',
      '"attribute_exists(pk) OR shownKey.fingerprint = :print"',
    ],
    [
      "a stolen session confirms another server's key",
      '  allow(ctx, "admin");\n  requireProof(ctx);\n',
      '  allow(ctx, "admin");\n',
    ],
    [
      "any fingerprint confirms what the server showed",
      "if (shown.fingerprint !== input.fingerprint)",
      'if (input.fingerprint === "")',
    ],
    [
      "a server with an app on it is forgotten",
      '"attribute_exists(pk) AND attribute_not_exists(apps)"',
      '"attribute_exists(pk)"',
    ],
    ["more servers than the plan has", 'entitled(ctx, "grow", { targets: 1 })', 'entitled(ctx, "grow")'],
    ["somebody searches a network by our addresses", "  await limitLooks(ctx);\n  await judgeAddress", "  await judgeAddress"],
    ["two workers look at one server at once", "    if (going) return going;\n", ""],
  ),
  ...within("packages/domain/src/closing/closing.ts", closing, [
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
  ...within(
    "packages/domain/src/deployment/deploy.ts",
    deployments,
    [
      "a Compose file is read for who may not deploy it",
      '    const refused = refusal(ctx, account, "grow");\n    if (refused) throw refused;\n',
      "",
    ],
    [
      "a release goes to a server whose key nobody confirmed",
      "for (const target of found) if (!target.hostKey) throw untrusted(target.name);",
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
    "packages/domain/src/held.ts",
    ["test/domain/held.test.ts", ...jobs],
    ["one customer holds all connections", " OR size(held) < :most`", " OR size(held) < :most OR size(held) >= :most`"],
    ["what a dead process held is held for ever", "other !== id && end > now()", "other !== id && end > 0"],
  ),
  ...within("packages/domain/src/job/follow.ts", jobs, ["a stream counts after it is over", "    await release();\n", ""]),
  ...within(
    "packages/domain/src/release/return.ts",
    ["test/domain/return.test.ts"],
    [
      "a rollback leads to a release that was never healthy",
      "if (environment.good.includes(release)) return undefined;",
      "if (environment.releases >= release) return undefined;",
    ],
    [
      "after a deploy that went live on some servers a rollback goes too far back",
      "if (Object.values(live).some((number) => number !== last)) return last;",
      "",
    ],
  ),
  ...within("packages/domain/src/audit/audit.ts", account, [
    "a place in the record that cannot be asks for a year of months",
    "input.cursor !== undefined && !Cursor.safeParse(input.cursor).success",
    'input.cursor === ""',
  ]),
  ...within(
    "packages/domain/src/audit/who.ts",
    ["test/api/who.test.ts"],
    ["people and tokens are shown by ids", "actor.name && { name: actor.name }", 'actor.name === "" && { name: actor.name }'],
  ),
  ...within("packages/domain/src/job/advance.ts", jobs, [
    "a job that only waits is canceled when its server answers",
    'rollout.status === "waiting" || rollout.status === "retrying";',
    'rollout.status === "waiting";',
  ]),
];
