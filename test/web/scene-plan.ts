import { getApp } from "@berth/domain/app/app.ts";
import { makePlan } from "@berth/domain/plan/make.ts";
import type { TargetPlan } from "@berth/domain/plan/plan.ts";
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import { keepTargetPlan } from "@berth/domain/plan/stored.ts";
import { summaryOf } from "@berth/domain/plan/summary.ts";
import { commit } from "@berth/domain/table.ts";
import { idOf, reportOf, type Side } from "../domain/reports.ts";
import { scriptedReach } from "../support/reach.ts";
import type { TestTenant } from "../support/tenant.ts";

const image = (name: string, version: string) => `registry.example.com/shop/${name}:${version}`;
const data = [{ type: "volume", source: "sessions", target: "/data", volume: {} }];

const shop = (version: string, more: object = {}): Side => ({
  services: {
    web: { image: image("web", version), ports: [{ mode: "ingress", target: 80, published: "8080", protocol: "tcp" }], ...more },
    worker: { image: image("worker", version) },
    redis: { image: "redis:7.4-alpine", volumes: data },
  },
  volumes: { sessions: {} },
});

/** What the shop's release changes where an older one is live; what it has to pull is not there yet. */
export function shopPlan(version: string, before: string | undefined, more: object = {}): TargetPlan {
  const report = reportOf(before === undefined ? undefined : shop(before), shop(version, more));
  const pulled = ["web", "worker"].map((name) => image(name, version));
  return planTarget({
    ...report,
    images: new Map([...report.images].filter(([name]) => !pulled.includes(name))),
    registry: new Map([
      ...report.registry,
      ...pulled.map((name, i) => [name, { digest: null, id: idOf(name.slice(-20)), bytes: (i + 1) * 21_300_000 }] as const),
    ]),
  });
}

/** The first two events of a deploy: that it is planned, and how. */
export const planLines = (plan: TargetPlan) =>
  [
    [0.1, "step", "plan", "", ""],
    [0.4, "plan", "plan", "", summaryOf(plan), plan],
  ] as const;

/** A plan that somebody asked for, of a release that reaches further than the one before it. */
export async function planned(tenant: TestTenant, compose: string): Promise<{ id: string }> {
  const asked = await makePlan(tenant.ctx, { app: "shop", bundle: { compose, files: [], variables: {} } });
  await tenant.work({ id: asked.job }, scriptedReach());
  const { id: appId } = await getApp(tenant.ctx, "shop");
  const more = { privileged: true, environment: { CHECKOUT_URL: "a", CURRENCY: "b" } };
  const plan = shopPlan("4.3.0", "4.1.0", more);
  for (const { id } of asked.targets) await commit(tenant.ctx, keepTargetPlan(tenant.ctx, { appId, id: asked.id }, id, plan));
  return { id: asked.job };
}
