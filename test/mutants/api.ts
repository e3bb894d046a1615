// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const auth = ["test/api/auth.test.ts"];
const device = ["test/api/device.test.ts"];
const contract = ["test/api/contract.test.ts"];
const refused = ["test/api/refused.test.ts"];
const account = ["test/api/account.test.ts"];
const jobs = ["test/api/jobs.test.ts"];

/** What a request may be, and what a token of one app is told. */
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
    refused,
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
      ...device,
    ],
    ["a repeat of a request does it again", "!spec.remembers ? await recall", "spec.remembers ? await recall", ...account],
  ),
  ...within(
    "packages/domain/src/context.ts",
    refused,
    [
      "a token that may deploy may do all that an admin may",
      'deploy: ["read", "plan", "deploy"],',
      'deploy: ["read", "plan", "deploy", "admin"],',
    ],
    ["a token that may plan may deploy", 'plan: ["read", "plan"],', 'plan: ["read", "plan", "deploy"],'],
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
    "packages/domain/src/query.ts",
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
  ...within(
    "packages/domain/src/held.ts",
    ["test/domain/held.test.ts", ...jobs],
    ["one customer holds all connections", " OR size(held) < :most`", " OR size(held) < :most OR size(held) >= :most`"],
    ["what a dead process held is held for ever", "other !== id && end > now()", "other !== id && end > 0"],
  ),
  ...within("packages/domain/src/job/follow.ts", jobs, ["a stream counts after it is over", "    await release();\n", ""]),
  ...within("packages/domain/src/job/advance.ts", jobs, [
    "a job that only waits is canceled when its server answers",
    'rollout.status === "waiting" || rollout.status === "retrying";',
    'rollout.status === "waiting";',
  ]),
];
