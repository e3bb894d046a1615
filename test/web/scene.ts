import { addAddon } from "@berth/domain/addon/add.ts";
import { setPolicy } from "@berth/domain/app/policy.ts";
import { addDeployer } from "@berth/domain/deployer/add.ts";
import { type Event, keepEvents } from "@berth/domain/job/event.ts";
import { findJob, type Job, jobKey } from "@berth/domain/job/job.ts";
import type { TargetPlan } from "@berth/domain/plan/plan.ts";
import { addRegistry } from "@berth/domain/registry/add.ts";
import { checkRegistry } from "@berth/domain/registry/check.ts";
import type { Containers } from "@berth/domain/remote/container.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { putOne } from "@berth/domain/table.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { labelTarget } from "@berth/domain/target/label.ts";
import { useTarget } from "@berth/domain/target/use.ts";
import { issueToken } from "@berth/domain/token/issue.ts";
import { containersOf, failed, type ScriptedReach, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import type { TestWorld } from "../support/world.ts";
import { planLines, planned, shopPlan } from "./scene-plan.ts";

type Line = readonly [afterSeconds: number, type: string, step: string, service: string, text: string, plan?: TargetPlan];

/** A deploy as the runner tells of it. */
const wholeDeploy = (plan: TargetPlan): readonly Line[] => [
  ...planLines(plan),
  [0.45, "step", "preflight", "", ""],
  [0.5, "step", "pull", "", ""],
  [1.9, "image", "pull", "redis", "redis:7.4-alpine is already on the server"],
  [3.2, "image", "pull", "web", "Pulled"],
  [3.6, "image", "pull", "worker", "Pulled"],
  [3.7, "step", "start", "", ""],
  [4.1, "log", "start", "", "Container shop-production-redis-1  Running"],
  [4.4, "log", "start", "", "Container shop-production-web-1  Recreated"],
  [4.6, "log", "start", "", "Container shop-production-worker-1  Recreated"],
  [5.3, "log", "start", "", "Container shop-production-web-1  Started"],
  [5.4, "step", "verify", "", ""],
  [7.8, "health", "verify", "web", "Up 3 seconds (healthy)"],
  [7.8, "health", "verify", "worker", "Up 3 seconds"],
  [7.9, "step", "record", "", ""],
  [8.0, "step", "prune", "", ""],
  [8.1, "log", "prune", "", "Releases taken away: 1"],
];

const unhealthyDeploy = (plan: TargetPlan): readonly Line[] => [
  ...wholeDeploy(plan).slice(0, 13),
  [9.1, "log", "verify", "web", "web is not healthy: curl: (7) Failed to connect to localhost port 8080"],
  [9.2, "step", "restore", "", "releases/2"],
  [9.6, "log", "restore", "", "Container shop-production-web-1  Recreated"],
  [11.3, "log", "restore", "", "Container shop-production-web-1  Healthy"],
];

const unhealthy = {
  class: "unhealthy",
  step: "verify",
  service: "web",
  message: "web is not healthy: curl: (7) Failed to connect to localhost port 8080",
  log: [
    "shop starting, version 4.2.0",
    "reading configuration from /etc/shop.yaml",
    "error: DATABASE_URL is not set",
    "    at connect (/srv/shop/dist/database.js:41:11)",
    "shutting down",
  ],
} as const;

/** Tells what a job's targets said, with times that look like those of servers; the job itself was done by the real domain. */
async function retell(tenant: TestTenant, { id }: Job, stories: Record<string, readonly Line[]>): Promise<Job> {
  const job = await findJob(tenant.ctx, id);
  if (!job) throw new Error(`there is no job ${id}`);
  const start = Date.parse(job.startedAt ?? job.createdAt);
  const at = (seconds: number) => new Date(start + Math.round(seconds * 1000)).toISOString();
  let last = 0;
  for (const rollout of Object.values(job.rollouts)) {
    const lines = stories[rollout.name] ?? [];
    const events: Event[] = lines.map(([after, type, step, service, text, plan], i) => ({
      seq: i + 1,
      at: at(after),
      type,
      step,
      ...(service && { service }),
      ...(text && { text }),
      ...(plan && { plan }),
    }));
    await keepEvents(tenant.ctx, { job: id, target: rollout.target }, events, 30);
    last = Math.max(last, ...lines.map(([after]) => after));
  }
  const told: Job = { ...job, startedAt: at(0), endedAt: at(last + 0.2) };
  await putOne(tenant.ctx, jobKey(tenant.ctx, id), told);
  return told;
}

const compose = (version: string) =>
  `services:\n  web:\n    image: registry.example.com/shop/web:${version}\n  worker:\n    image: registry.example.com/shop/worker:${version}\n  redis:\n    image: redis:7.4-alpine\n`;

/** What Docker says of the shop on a server some seconds after a deploy; its worker can be otherwise. */
const shop = (version: string, now: Date, worker: Partial<Containers["items"][number]> = {}) => {
  const startedAt = new Date(now.getTime() - 4_000).toISOString();
  const about = { health: null, ports: [], startedAt };
  const image = (name: string) => `registry.example.com/shop/${name}:${version}`;
  return containersOf(
    {
      ...about,
      service: "web",
      health: "healthy",
      image: image("web"),
      ports: [{ address: "0.0.0.0", published: 8080, port: 80, protocol: "tcp" }],
    },
    { ...about, service: "worker", image: image("worker"), ...worker },
    { ...about, service: "redis", image: "redis:7.4-alpine" },
  );
};

const facts = {
  docker: "27.3.1",
  compose: "2.29.7",
  arch: "amd64",
  os: "Debian GNU/Linux 12 (bookworm)",
  disk_free_mb: "31744",
  disk_mb: "81920",
  memory_mb: "3915",
};

const exited = {
  state: "exited",
  exitCode: 137,
  restarts: 3,
  finishedAt: "2027-03-01T14:55:12.000Z",
} as const;

export interface Scene {
  readonly tenant: TestTenant;
  readonly good: Job;
  readonly failed: Job;
  readonly check: Job;
  readonly plan: Pick<Job, "id">;
}

/** An account in the middle of its life: servers in every state, apps on them, deploys that went well and one that did not. */
export async function scene(test: TestWorld, email: string): Promise<Scene> {
  let version = "1.0.3";
  const seen = () => shop(version, test.clock.now());
  const reach = scriptedReach(({ op }) => ({ ...succeeded(facts), ...(op === "deploy" && { containers: seen() }) }));
  reach.hostKey = { ...reach.hostKey, fingerprint: "SHA256:9c3wHq0mZt7xVb1JkY5rNf8uEoLgS2aPdRiTnXyC4vM" };
  const tenant = await testTenant(test, { email, plan: "pro", reach });
  const later = (minutes: number) => test.clock.advance(minutes * 60);
  const deploy = async (app: string, as: string, more: { targets?: string[]; environment?: string; note?: string } = {}) => {
    version = as;
    return tenant.work(await tenant.deploy(app, { compose: compose(as), ...more }));
  };

  await tenant.target("web1", "10.20.0.7");
  await tenant.target("web2", "10.20.0.8");
  await later(12);
  for (const app of ["shop", "blog", "docs"]) await tenant.app(app);
  await deploy("blog", "1.0.3", { targets: ["web2"] });
  await deploy("blog", "1.1.0-rc.1", { targets: ["web1"], environment: "staging" });
  await later(47);
  await retell(
    tenant,
    await deploy("shop", "4.0.0", { targets: ["web1", "web2"], note: "first" }),
    both(wholeDeploy(shopPlan("4.0.0", undefined))),
  );
  await later(95);
  const good = await retell(
    tenant,
    await deploy("shop", "4.1.0", { note: "gift cards" }),
    both(wholeDeploy(shopPlan("4.1.0", "4.0.0"))),
  );
  await later(21);
  reach.next(() => ({ ...succeeded(), containers: seen() }));
  reach.next(() => ({
    ...failed({ ...unhealthy, changed: true, rolledBack: true, downMs: 2_140 }),
    containers: shop("4.1.0", test.clock.now(), exited),
  }));
  const checkout = shopPlan("4.2.0", "4.1.0", { environment: { CHECKOUT_URL: "a" } });
  const bad = await retell(tenant, await deploy("shop", "4.2.0", { note: "new checkout" }), {
    web1: wholeDeploy(checkout),
    web2: unhealthyDeploy(checkout),
  });
  await later(3);
  const plan = await planned(tenant, compose("4.3.0"));
  const { job: check } = await addTarget(tenant.ctx, { name: "db1", host: "10.20.0.20", port: 2222, user: "deploy" });
  await tenant.work(check);
  const { job: silent } = await addTarget(tenant.ctx, { name: "attic", host: "10.20.0.9", port: 22, user: "root" });
  const unreachable = () => Promise.reject(new RemoteError("unreachable", "connect EHOSTUNREACH 10.20.0.9:22"));
  await tenant.work(silent, { ...reach, scan: unreachable });
  await labelTarget(tenant.ctx, { target: "web1", add: ["eu", "production"], remove: [] });
  await useTarget(tenant.ctx, { target: "web1" });
  await logins(tenant);
  await rules(tenant);
  await issueToken(tenant.ctx, { name: "laptop", scopes: ["admin", "billing"] });
  await issueToken(tenant.ctx, { name: "ci of shop", scopes: ["deploy"], app: "shop", days: 30 });
  return { tenant, good, failed: bad, check, plan };
}

/** Two logins of registries: one that the servers can use, one that was refused. */
async function logins(tenant: TestTenant): Promise<void> {
  const check = async (host: string, reach: ScriptedReach) =>
    tenant.work(await checkRegistry(tenant.ctx, { host, targets: ["web1", "web2"] }), reach);
  await addRegistry(tenant.ctx, { host: "ghcr.io", user: "mara", password: "ghp_none-of-this-is-shown" });
  await addRegistry(tenant.ctx, { host: "registry.harbour.example:5000", user: "robot$berth", password: "none-of-this" });
  await check("ghcr.io", scriptedReach());
  const denied = scriptedReach();
  denied.next(() => failed({ class: "registry.denied", message: "unauthorized: the token has expired" }));
  await check("registry.harbour.example:5000", denied);
}

/** Rules of the account and of an app, and deployers of two apps. */
async function rules({ ctx }: TestTenant): Promise<void> {
  await setPolicy(ctx, { rules: { "docker.sock": "deny", privileged: "ask" } });
  await addAddon(ctx, { app: "shop", kind: "postgres" });
  await addAddon(ctx, { app: "shop", kind: "redis", name: "jobs", services: ["worker"] });
  await setPolicy(ctx, { app: "shop", rules: { "host-path": "allow", device: "deny" } });
  const of = { provider: "github", repository: "harbour-co/shop" } as const;
  await addDeployer(ctx, { ...of, app: "shop", ref: "refs/heads/main", jobEnvironment: "production" });
  await addDeployer(ctx, { ...of, app: "docs", repository: "harbour-co/docs", jobEnvironment: "preview", pullRequests: true });
}

const both = (lines: readonly Line[]) => ({ web1: lines, web2: lines.map(later) });

/** The other server is a little slower. */
const later = ([after, ...rest]: Line): Line => [after * 1.12, ...rest];
