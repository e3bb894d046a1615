import type { Job } from "@berth/domain/job/job.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { addTarget } from "@berth/domain/target/target.ts";
import { issueToken } from "@berth/domain/token/token.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import type { TestWorld } from "../support/world.ts";

type Play = Parameters<ReturnType<typeof scriptedReach>["always"]>[0];

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** A deploy as the runner tells of it. */
export const wholeDeploy: Play = async (input, tell) => {
  if (input.op !== "deploy") return succeeded();
  tell({ type: "step", step: "preflight" });
  await wait(6);
  tell({ type: "step", step: "pull" });
  for (const service of ["web", "worker", "redis"]) tell({ type: "image", step: "pull", service, text: "Pulled" });
  await wait(14);
  tell({ type: "step", step: "start" });
  tell({ type: "log", step: "start", text: "Container shop-production-redis-1 Healthy" });
  tell({ type: "log", step: "start", text: "Container shop-production-web-1 Started" });
  await wait(9);
  tell({ type: "step", step: "verify" });
  tell({ type: "health", step: "verify", service: "web", text: "Up 3 seconds (healthy)" });
  tell({ type: "step", step: "record" });
  tell({ type: "step", step: "prune" });
  return succeeded();
};

export const unhealthyDeploy: Play = async (input, tell) => {
  tell({ type: "step", step: "preflight" });
  tell({ type: "step", step: "pull" });
  tell({ type: "image", step: "pull", service: "web", text: "Pulled" });
  tell({ type: "step", step: "start" });
  await wait(8);
  tell({ type: "step", step: "verify" });
  tell({
    type: "log",
    step: "verify",
    service: "web",
    text: "web is not healthy: curl: (7) Failed to connect to localhost port 8080",
  });
  tell({ type: "step", step: "restore", text: `releases/${Number(input.plan.release) - 1}` });
  await wait(8);
  return failed({
    class: "unhealthy",
    step: "verify",
    service: "web",
    message: "web is not healthy: curl: (7) Failed to connect to localhost port 8080",
    log: [
      "2026-11-21T09:14:02Z shop starting, version 4.2.0",
      "2026-11-21T09:14:02Z reading configuration from /etc/shop.yaml",
      "2026-11-21T09:14:03Z error: DATABASE_URL is not set",
      "    at connect (/srv/shop/dist/database.js:41:11)",
      "2026-11-21T09:14:03Z shutting down",
    ],
    changed: true,
    rolledBack: true,
    downMs: 2_140,
  });
};

const compose = (version: string) =>
  `services:\n  web:\n    image: registry.example.com/shop/web:${version}\n  worker:\n    image: registry.example.com/shop/worker:${version}\n  redis:\n    image: redis:7.4-alpine\n`;

export interface Scene {
  readonly tenant: TestTenant;
  readonly good: Job;
  readonly failed: Job;
  readonly check: Job;
}

/** An account in the middle of its life: servers in every state, apps on them, deploys that went well and one that did not. */
export async function scene(test: TestWorld, email: string): Promise<Scene> {
  const tenant = await testTenant(test, { email, plan: "pro" });
  const reach = scriptedReach(wholeDeploy);
  await tenant.target("web1", "10.20.0.7");
  await tenant.target("web2", "10.20.0.8");
  const { job: check } = await addTarget(tenant.ctx, { name: "db1", host: "10.20.0.20", port: 2222, user: "deploy" });
  await tenant.work(check);
  const { job: silent } = await addTarget(tenant.ctx, { name: "attic", host: "10.20.0.9", port: 22, user: "root" });
  const unreachable = () => Promise.reject(new RemoteError("unreachable", "connect EHOSTUNREACH 10.20.0.9:22"));
  await tenant.work(silent, { ...reach, scan: unreachable });
  for (const app of ["shop", "blog", "docs"]) await tenant.app(app);
  await tenant.work(await tenant.deploy("blog", { targets: ["web2"], compose: compose("1.0.3") }), reach);
  await tenant.work(
    await tenant.deploy("blog", { targets: ["web1"], environment: "staging", compose: compose("1.1.0-rc.1") }),
    reach,
  );
  await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"], compose: compose("4.0.0"), note: "first" }), reach);
  const good = await tenant.work(await tenant.deploy("shop", { compose: compose("4.1.0"), note: "gift cards" }), reach);
  reach.next(wholeDeploy);
  reach.next(unhealthyDeploy);
  const bad = await tenant.work(await tenant.deploy("shop", { compose: compose("4.2.0"), note: "new checkout" }), reach);
  await issueToken(tenant.ctx, { name: "laptop", scopes: ["admin", "billing"] });
  await issueToken(tenant.ctx, { name: "ci of shop", scopes: ["deploy"], app: "shop", days: 30 });
  return { tenant, good, failed: bad, check };
}
