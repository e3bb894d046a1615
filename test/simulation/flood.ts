import { audit } from "@berth/domain/audit/audit.ts";
import type { Context } from "@berth/domain/context.ts";
import { newId } from "@berth/domain/id.ts";
import { dispatch, enqueue, type Job } from "@berth/domain/job/job.ts";
import { commit } from "@berth/domain/table.ts";
import { findTarget } from "@berth/domain/target/target.ts";
import { functions } from "../../functions/manifest.ts";
import { createCloud } from "./cloud.ts";
import { type Customer, createCustomer } from "./customer.ts";
import { createStage, START } from "./stage.ts";

const MINUTES = 30;
const MINUTE = 60_000;

/** A job that looks at a server, as the API makes it but without asking how many were made in this minute. */
async function look(ctx: Context, name: string): Promise<void> {
  const target = await findTarget(ctx, name);
  const job: Job = {
    id: newId(ctx, "job"),
    kind: "target.check",
    status: "queued",
    rollouts: { [target.id]: { target: target.id, name, status: "queued", attempts: 0 } },
    by: ctx.actor,
    createdAt: ctx.now().toISOString(),
    version: 1,
  };
  await commit(ctx, enqueue(ctx, job), audit(ctx, "target.check", target.id));
  await dispatch(ctx, job);
}

/** Five customers who deploy now and then, and beside them one who asks for so much at once. Answers the seconds each of the five waited. */
export async function waitsBeside(jobs: number, fair = true) {
  const stage = createStage(16, false); // a seed without a fault: the judge lets nothing pass for one
  stage.swarm.quiet();
  const { clock } = stage;
  const { still, servers, judge, ask, queue, start } = createCloud(stage, functions["workers/rollout"].concurrency, fair);
  const customers: Customer[] = [];
  const greedy = { plan: "pro", apps: Array.from({ length: 8 }, (_, i) => `app${i}`), servers: 5 } as const;
  for (let nth = 1; nth <= 6; nth++)
    customers.push(await createCustomer(stage, still, servers, nth, nth === 1 ? greedy : undefined));
  judge.begin(customers);
  const [loud, ...others] = customers as [Customer, ...Customer[]];

  const deploy = (customer: Customer, app: string, target = "web1") =>
    ask("POST", `/v1/apps/${app}/deployments`, {
      ...customer,
      body: {
        bundle: {
          compose: `services:\n  web:\n    image: registry.test/web-good:1\n# of ${customer.tenant}\n`,
          files: [],
          variables: {},
        },
        targets: [target],
      },
    });
  for (const customer of others)
    for (let i = 0; i < MINUTES; i++)
      clock.after(i * MINUTE + stage.chance.between(0, MINUTE), () => void deploy(customer, "shop"));
  // And once each while the flood is at its height, however it is met.
  for (const customer of others)
    clock.after(5 * MINUTE + stage.chance.between(2000, 10_000), () => void deploy(customer, "shop"));

  if (jobs > 0) {
    // Twenty agents at once, each as fast as it can.
    const agent = async (count: number) => {
      const system: Context = { ...start("loud").world, tenant: loud.tenant, actor: { kind: "system", id: "loud" } };
      for (let i = 0; i < count; i++) await look(system, "web1");
    };
    clock.after(5 * MINUTE, () => {
      for (let i = 0; i < 20; i++) void agent(jobs / 20);
    });
    // All its apps over and over: more than its plan runs together, and several that want the same server.
    for (let i = 0; i < MINUTES; i++)
      for (const app of loud.apps)
        clock.after(
          i * MINUTE + stage.chance.between(0, MINUTE),
          () => void deploy(loud, app, `web${stage.chance.between(1, loud.hosts.length)}`),
        );
  }
  await clock.run(START + (MINUTES + 10) * MINUTE);
  stage.engine.close();
  const waits = others.flatMap(({ tenant }) => judge.waits.get(tenant) ?? []).sort((a, b) => a - b);
  return {
    waits,
    violations: stage.violations,
    jobs: judge.jobs(),
    going: judge.going(),
    took: queue.waits.get(loud.tenant)?.length ?? 0,
  };
}
