import type {
  App,
  AppStatus,
  AuditLine,
  Billing,
  Invoice,
  Job,
  Plan,
  PlanChange,
  Release,
  Target,
  Token,
  Usage,
} from "@berth/api-client/types.ts";
import { describe, expect, test } from "vitest";
import { closedLines } from "../../packages/cli/src/account/delete.ts";
import { appTable, statusLines } from "../../packages/cli/src/app/view.ts";
import { auditTable } from "../../packages/cli/src/audit/list.ts";
import { invoiceLines } from "../../packages/cli/src/billing/invoices.ts";
import { planTable } from "../../packages/cli/src/billing/plans.ts";
import { billingLines } from "../../packages/cli/src/billing/show.ts";
import { usageLines } from "../../packages/cli/src/billing/usage.ts";
import { failure, success } from "../../packages/cli/src/job/outcome.ts";
import { jobLines, jobTable } from "../../packages/cli/src/job/view.ts";
import { planLines } from "../../packages/cli/src/plan/show.ts";
import { changeLines, doneLines } from "../../packages/cli/src/plan/view.ts";
import { explain } from "../../packages/cli/src/refusal.ts";
import { releaseTable } from "../../packages/cli/src/release/list.ts";
import { checkedLines, targetLines, targetTable } from "../../packages/cli/src/target/view.ts";
import { coloured, type Paint, plain } from "../../packages/cli/src/terminal/paint.ts";
import { clean, cut, widthOf, wrap } from "../../packages/cli/src/terminal/text.ts";
import { ago, duration } from "../../packages/cli/src/terminal/time.ts";
import { tokenTable } from "../../packages/cli/src/token/list.ts";

const now = new Date("2027-03-01T12:00:00.000Z");
const at = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
const by = { kind: "token" as const, id: "tok_01JABCDEFGHJKMNPQRSTVWXYZ0", name: "ci of the shop" };

const hostKey = { type: "ssh-ed25519", key: "AAAA", fingerprint: `SHA256:${"f".repeat(43)}` };
const targets = [
  {
    id: "tgt_1",
    name: "web1",
    host: "203.0.113.7",
    port: 22,
    user: "root",
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK berth-web1",
    status: "ready",
    hostKey,
    checkedAt: at(3),
    facts: {
      docker: "27.3.1",
      compose: "2.29.7",
      arch: "amd64",
      os: "Debian GNU/Linux 12",
      disk_free_mb: "20480",
      disk_mb: "40960",
      memory_mb: "3900",
      memory_free_mb: "1200",
    },
    createdAt: at(9000),
  },
  {
    id: "tgt_2",
    name: "a-server-with-quite-a-long-name-of-39-ch",
    host: "some-host.in-a-deep.subdomain.example.com",
    port: 2222,
    user: "deploy",
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK berth-long",
    status: "unready",
    hostKey,
    checkedAt: at(60 * 30),
    problem: {
      class: "docker.missing",
      message: "Docker is not installed there",
      remedy: "Install Docker Engine: https://docs.docker.com/engine/install/",
    },
    createdAt: at(9000),
  },
  {
    id: "tgt_3",
    name: "new",
    host: "2001:db8::1",
    port: 22,
    user: "root",
    publicKey: "ssh-ed25519 AAAA x",
    status: "untrusted",
    shownKey: hostKey,
    createdAt: at(1),
  },
] as Target[];

const rollout = (name: string, more: object = {}) => ({ target: `tgt_${name}`, name, status: "succeeded", attempts: 1, ...more });
const why = {
  class: "unhealthy",
  message: "web is unhealthy: connection refused",
  step: "verify",
  service: "web",
  log: ["Error: no database at db:5432", "exiting"],
  remedy: "See the last lines of web below. Fix the cause and deploy again.",
  rolledBack: true,
};
const jobs = [
  {
    id: "job_01JABCDEFGHJKMNPQRSTVWXYZ1",
    kind: "deploy",
    status: "failed",
    app: "shop",
    environment: "production",
    release: 12,
    rollouts: { tgt_web1: rollout("web1", { status: "failed", failure: why, downMs: 812 }), tgt_web2: rollout("web2") },
    by,
    createdAt: at(6),
    startedAt: at(5),
    endedAt: new Date(now.getTime() - 5 * 60_000 + 14_200).toISOString(),
    failure: why,
    version: 4,
  },
  {
    id: "job_01JABCDEFGHJKMNPQRSTVWXYZ2",
    kind: "deploy",
    status: "running",
    app: "shop",
    environment: "staging",
    release: 3,
    rollback: true,
    rollouts: { tgt_web1: rollout("web1", { status: "retrying", failure: why, nextAt: at(-1) }) },
    by,
    createdAt: at(1),
    startedAt: at(1),
    version: 4,
  },
  {
    id: "job_01JABCDEFGHJKMNPQRSTVWXYZ3",
    kind: "check",
    status: "succeeded",
    rollouts: { tgt_web1: rollout("web1") },
    by,
    createdAt: at(600),
    startedAt: at(600),
    endedAt: at(600),
    version: 2,
  },
] as unknown as Job[];

const apps = [
  {
    id: "app_1",
    name: "shop",
    template: "compose",
    slot: true,
    createdAt: at(60 * 24 * 40),
    environments: [
      {
        name: "production",
        release: 12,
        releases: 12,
        job: "job_01JABCDEFGHJKMNPQRSTVWXYZ1",
        state: "degraded",
        seenAt: at(2),
        targets: [
          { id: "tgt_web1", name: "web1", release: 11, state: "stopped", seenAt: at(2) },
          { id: "tgt_web2", name: "web2", release: 12, state: "running", seenAt: at(0) },
        ],
      },
      {
        name: "staging",
        release: null,
        releases: 3,
        job: null,
        state: "unknown",
        seenAt: null,
        targets: [{ id: "tgt_web1", name: "web1", release: null, state: "unknown", seenAt: null }],
      },
    ],
  },
  { id: "app_2", name: "blog", template: "compose", slot: false, createdAt: at(2), environments: [] },
] as App[];

const container = (service: string, more: object = {}) => ({
  service,
  name: `shop-production-${service}-1`,
  state: "running",
  health: "healthy",
  exitCode: null,
  restarts: 0,
  image: "registry.example/shop/web:2027-03-01",
  imageId: "sha256:1",
  ports: [
    { address: "0.0.0.0", published: 8080, port: 80, protocol: "tcp" },
    { address: "::", published: 8080, port: 80, protocol: "tcp" },
  ],
  startedAt: at(60 * 3),
  finishedAt: null,
  restartPolicy: "unless-stopped",
  orphan: false,
  ok: true,
  why: null,
  ...more,
});
const shop = apps[0] as App;
const status = {
  ...shop,
  environments: shop.environments.map((environment) => ({
    ...environment,
    targets: environment.targets.map((target) =>
      target.release === 11
        ? {
            ...target,
            addresses: [],
            problem: { at: at(1), class: "unreachable", message: "The server cannot be reached" },
            seen: {
              at: at(2),
              more: 0,
              missing: ["worker"],
              containers: [
                container("web", {
                  state: "exited",
                  health: null,
                  exitCode: 137,
                  ports: [],
                  finishedAt: at(3),
                  restartPolicy: "no",
                  ok: false,
                  why: 'It was not started again when the server restarted: its restart policy is "no".',
                }),
              ],
            },
          }
        : target.release === 12
          ? {
              ...target,
              addresses: [
                { service: "web", host: "203.0.113.8", port: 8080, protocol: "tcp", url: "http://203.0.113.8:8080" },
                { service: "dns", host: "203.0.113.8", port: 53, protocol: "udp", url: null },
              ],
              problem: null,
              seen: {
                at: at(0),
                more: 0,
                missing: [],
                containers: [
                  container("web"),
                  container("dns", { health: null, restarts: 3, ports: [], image: "coredns" }),
                  container("migrate", { state: "exited", exitCode: 0, health: null, ports: [], finishedAt: at(170) }),
                ],
              },
            }
          : { ...target, addresses: [], seen: null, problem: null },
    ),
  })),
  jobs: [jobs[0]],
} as unknown as AppStatus;

const releases = [
  {
    app: "shop",
    environment: "production",
    number: 12,
    services: [
      { name: "web", image: "registry.example/shop/web:2027-03-01" },
      { name: "redis", image: "redis:7" },
    ],
    hash: "x",
    note: "Faster checkout — finally",
    by,
    createdAt: at(5),
    outcome: "live",
    liveOn: ["web2"],
    failure: { class: "unhealthy", message: "web is unhealthy: connection refused", service: "web" },
    rollback: { possible: false, code: "release.never_healthy", reason: "Release 12 was never healthy on every server." },
  },
  {
    app: "shop",
    environment: "production",
    number: 11,
    services: [{ name: "web", image: "registry.example/shop/web:2027-02-27" }],
    hash: "x",
    by,
    createdAt: at(60 * 50),
    outcome: "live",
    liveOn: ["web1"],
    rollback: { possible: true },
  },
  ...(["failed", "canceled", "was_live", "deploying", "unknown"] as const).map((outcome, i) => ({
    app: "shop",
    environment: "production",
    number: 10 - i,
    services: [{ name: "web", image: "registry.example/shop/web:2027-02-26" }],
    hash: "x",
    by: { kind: "user", id: "usr_1", ...(i > 0 && { name: "ada@example.com" }) },
    createdAt: at(60 * 60 * (i + 1)),
    outcome,
    liveOn: [],
    ...(outcome === "failed" && { failure: { class: "image.not_found", message: "The image does not exist" } }),
    rollback: { possible: outcome === "was_live" },
  })),
] as Release[];

const tokens = [
  {
    id: "tok_01JABCDEFGHJKMNPQRSTVWXYZ0",
    name: "ci of the shop",
    scopes: ["deploy"],
    app: "shop",
    createdAt: at(9),
    expiresAt: at(-60 * 24 * 90),
    lastUsedAt: at(2),
    by: "usr_1",
  },
  {
    id: "tok_01JABCDEFGHJKMNPQRSTVWXYZ9",
    name: "laptop",
    scopes: ["admin", "billing"],
    createdAt: at(9),
    expiresAt: at(-60),
    by: "usr_1",
  },
] as Token[];

const lines = [
  {
    id: "aud_1",
    at: at(5),
    action: "deployment.end",
    subject: "shop/production",
    actor: { kind: "system", id: "rollout" },
    result: "failed",
    detail: "job_01JABCDEFGHJKMNPQRSTVWXYZ1, release 12, unhealthy: web is unhealthy",
  },
  {
    id: "aud_2",
    at: at(6),
    action: "token.create",
    subject: "tok_01JABCDEFGHJKMNPQRSTVWXYZ0",
    subjectName: "ci of the shop",
    actor: { kind: "user", id: "usr_01JABCDEFGHJKMNPQRSTVWXYZ0", name: "ada@example.com" },
    result: "ok",
  },
  {
    id: "aud_3",
    at: at(7),
    action: "session.create",
    subject: "usr_01JABCDEFGHJKMNPQRSTVWXYZ0",
    actor: { kind: "user", id: "usr_01JABCDEFGHJKMNPQRSTVWXYZ0" },
    result: "ok",
  },
] as AuditLine[];

const plans = [
  {
    name: "solo",
    title: "Solo",
    for: "one developer's apps",
    price: 900,
    currency: "usd",
    slots: 3,
    targets: 2,
    logDays: 7,
    concurrent: 1,
  },
  {
    name: "pro",
    title: "Pro",
    for: "a product and its staging",
    price: 1900,
    currency: "usd",
    slots: 10,
    targets: 5,
    logDays: 30,
    concurrent: 3,
  },
] as Plan[];

const usage: Usage = {
  plan: "pro",
  entitlement: "grace",
  because: null,
  graceUntil: at(-60 * 72),
  slots: { used: 10, limit: 10 },
  targets: { used: 2, limit: 5 },
  concurrent: 3,
  logDays: 30,
  logsShorter: null,
};
const bill: Billing = {
  plan: "studio",
  entitlement: "restricted",
  because: "unpaid",
  reason: null,
  graceUntil: at(60),
  periodEnd: at(-60 * 24 * 12),
  cancelAt: null,
  pendingPlan: "solo",
  hold: true,
  syncedAt: at(1),
} as Billing;

const change: PlanChange = {
  from: "solo",
  plan: "pro",
  kind: "upgrade",
  status: "preview",
  at: at(0),
  due: 731,
  currency: "usd",
  url: null,
  over: { slots: 0, targets: 0 },
};
const smaller: PlanChange = {
  ...change,
  from: "pro",
  plan: "solo",
  kind: "downgrade",
  at: at(-60 * 24 * 12),
  due: 0,
  over: { slots: 2, targets: 1 },
};
const page = "https://invoice.stripe.com/i/acct_1/test_YWNjdF8xMDMyRDgyZVp2S1lsbzJDLF9OUjR";
const invoices: Invoice[] = [
  {
    id: "in_3",
    number: "BRTH-0003",
    status: "open",
    amount: 4900,
    remaining: 1900,
    currency: "usd",
    createdAt: at(60),
    paidAt: null,
    lines: ["1 × Berth Studio (at $49.00 / month)", "Unused time on Berth Pro"],
    url: page,
    pdf: null,
  },
  {
    id: "in_2",
    number: "BRTH-0002",
    status: "paid",
    amount: 731,
    remaining: 0,
    currency: "usd",
    createdAt: at(60 * 24 * 31),
    paidAt: at(60 * 24 * 31 - 1),
    lines: ["1 × Berth Pro (at $19.00 / month)"],
    url: `${page}2`,
    pdf: null,
  },
  {
    id: "in_1",
    number: null,
    status: "void",
    amount: -300,
    remaining: 0,
    currency: "eur",
    createdAt: at(60 * 24 * 62),
    paidAt: null,
    lines: [],
    url: null,
    pdf: null,
  },
];

interface Look {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}
const views: Record<string, (look: Look) => string[]> = {
  targets: (look) => targetTable(targets, look),
  target: (look) => targets.flatMap((each) => [...targetLines(each, look), ""]),
  checked: (look) => targets.flatMap((each) => checkedLines(each, look)),
  apps: (look) => appTable(apps, look),
  status: (look) => statusLines(status, look),
  jobs: (look) => jobTable(jobs, look),
  job: (look) => jobs.flatMap((each) => [...jobLines(each, look), ""]),
  releases: (look) => releaseTable(releases, look),
  tokens: (look) => tokenTable(tokens, look),
  audit: (look) => auditTable(lines, look),
  plans: (look) => planTable(plans, "pro", look),
  usage: (look) => usageLines(usage, look),
  billing: (look) => billingLines(bill, look),
  plan: (look) => [
    ...planLines({ usage, billing: { ...bill, hold: false }, plan: plans[1] }, look),
    "",
    ...planLines(
      { usage, billing: { ...bill, pendingPlan: null, cancelAt: at(-60 * 24 * 3), over: true }, plan: plans[1] },
      look,
    ),
  ],
  "plan-change": (look) => [
    ...changeLines(change, plans[1] as Plan, look),
    ...doneLines({ ...change, status: "done" }, look),
    ...doneLines({ ...change, status: "payment_needed", url: page }, look),
    "",
    ...changeLines(smaller, plans[0] as Plan, look),
    ...doneLines({ ...smaller, status: "planned" }, look),
    "",
    ...changeLines({ ...change, from: "pro", kind: "keep", due: 0 }, plans[1] as Plan, look),
    ...doneLines({ ...change, from: "pro", kind: "keep", due: 0, status: "done" }, look),
  ],
  invoices: (look) => invoiceLines(invoices, look),
  outcomes: (look) => [
    ...failure(jobs[0] as Job, look, { tgt_web1: 11 }),
    "",
    ...failure(
      {
        ...(jobs[0] as Job),
        rollouts: Object.fromEntries(
          ["web1", "web2", "web3"].map((name) => [name, rollout(name, { status: "failed", failure: why })]),
        ),
      } as unknown as Job,
      look,
      { tgt_web1: 11, tgt_web2: 11, tgt_web3: 10 },
    ),
    "",
    ...success(
      { ...(jobs[2] as Job), kind: "deploy", release: 3, rollouts: { a: rollout("web1", { downMs: 812 }) } } as unknown as Job,
      look.paint,
    ),
  ],
  closed: (look) => [...closedLines("closed", look), "", ...closedLines("closing", look)],
  "closing-refused": (look) =>
    explain(
      {
        code: "account.apps_running",
        title: "Apps are deployed on your servers",
        detail: "Deployed: shop (production) on web1, web2; blog (staging) on web1.",
        hint: "Remove them first, or leave them running: they stay on your servers, and Berth can no longer reach them.",
        next: ["berth app remove shop", "berth account delete --leave-apps"],
      },
      { errWidth: look.width, errPaint: look.paint },
    ),
  refusal: (look) =>
    explain(
      {
        code: "billing.grace",
        title: "A payment failed, so changes are paused",
        detail: "A payment failed. Until then your apps run on and you can roll back, but not change them.",
        hint: "Fix the payment; everything works again as soon as it is paid. Until then your apps keep running, and status, logs and rollback work.",
        until: at(-60 * 72),
        fix_url: "https://berth.test/billing",
        next: ["berth usage", "berth rollback"],
      },
      { errWidth: look.width, errPaint: look.paint },
    ),
};

describe.each(Object.entries(views))("%s", (name, view) => {
  test.each([40, 80, 120])("fits %d columns and looks as it did", async (width) => {
    process.env.TZ = "UTC";
    const text = view({ width, paint: plain, now });
    // A word that is longer than the line (an id, an address to open) is never cut.
    for (const line of text)
      if (widthOf(line) > width) expect(Math.max(...line.trim().split(" ").map(widthOf)), line).toBeGreaterThan(width - 22);
    await expect(`${text.join("\n")}\n`).toMatchFileSnapshot(`golden/${name}-${width}.txt`);
  });

  test("in colour is the same text", async () => {
    const text = view({ width: 80, paint: coloured, now });
    expect(text.join("\n").replaceAll(/\x1b\[\d+m/g, "")).toBe(view({ width: 80, paint: plain, now }).join("\n"));
    await expect(`${text.join("\n")}\n`).toMatchFileSnapshot(`golden/${name}-80-colour.txt`);
  });
});

describe("text", () => {
  test("from elsewhere loses what a terminal would obey", () => {
    expect(clean("one\u2028two\u2029three\u061c")).toBe("onetwothree");
    expect(clean("a\x1b[31mb\x1b]8;;http://x\x07c\x1b[2J\r\nd\te\u202ef\x9b1mg")).toBe("abc de".replace("de", "d ef1mg"));
  });

  test("is measured as a terminal shows it", () => {
    expect([widthOf("abc"), widthOf("日本"), widthOf("é"), widthOf("🚀"), widthOf("\x1b[1mab\x1b[22m")]).toEqual([3, 4, 1, 2, 2]);
    expect([cut("日本語", 5), cut("abcdef", 4), cut("abc", 3), cut("abc", 0)]).toEqual(["日本…", "abc…", "abc", ""]);
  });

  test("is wrapped between words", () => {
    expect(wrap("one two three-and-more four", 9)).toEqual(["one two", "three-and-more", "four"]);
  });
});

test.each([
  [0, "0.0 s"],
  [812, "0.8 s"],
  [9949, "9.9 s"],
  [9960, "10 s"],
  [59_600, "1 min"],
  [125_000, "2 min 5 s"],
  [3_600_000, "1 h"],
  [3_840_000, "1 h 4 min"],
  [-5, "0.0 s"],
])("%d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, "just now"],
  [0.5, "30 s ago"],
  [3, "3 min ago"],
  [150, "3 h ago"],
  [60 * 72, "3 days ago"],
  [-5, "in 5 min"],
])("%d minutes before is %s", (minutes, text) => {
  expect(ago(at(minutes), now)).toBe(text);
});

test("a month is called paid only where it is", () => {
  const shown = (more: Partial<Billing>) =>
    billingLines({ ...bill, because: null, hold: false, cancelAt: null, ...more }, { width: 80, paint: plain, now }).some(
      (line) => line.startsWith("Paid until"),
    );
  expect(shown({ entitlement: "active" })).toBe(true);
  for (const entitlement of ["grace", "restricted", "none"] as const) expect(shown({ entitlement }), entitlement).toBe(false);
  expect(shown({ entitlement: "active", hold: true })).toBe(false);
  expect(shown({ entitlement: "active", cancelAt: at(-60) })).toBe(false);
});

test.each([
  ["rollback to release 11", {}],
  ["start of release 11", { again: true }],
])("the last job of an app is told as what it did: %s", (words, more) => {
  const [environment] = status.environments;
  const back = { ...jobs[2], id: "job_back", kind: "deploy", release: 11, rollback: true, ...more };
  const shown = { ...status, environments: [{ ...environment, job: "job_back" }], jobs: [back] } as unknown as typeof status;
  const text = statusLines(shown, { width: 120, paint: plain, now: new Date(at(0)) }).join("\n");
  expect(text).toContain(words);
});
