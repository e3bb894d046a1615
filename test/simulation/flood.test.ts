import type { Context } from "@berth/domain/context.ts";
import { checkTarget } from "@berth/domain/target/target.ts";
import { expect, test } from "vitest";
import { functions } from "../../functions/manifest.ts";
import { createCloud } from "./cloud.ts";
import { type Customer, createCustomer } from "./customer.ts";
import { createStage, START } from "./stage.ts";

const MINUTES = 30;
const MINUTE = 60_000;

/** Five customers who deploy now and then, and beside them one who asks for so much at once. Answers the seconds each of the five waited. */
async function waitsBeside(jobs: number, fair = true) {
  const stage = createStage(11, false);
  stage.swarm.quiet();
  const { clock } = stage;
  const { still, servers, judge, ask, queue, start } = createCloud(stage, functions["workers/rollout"].concurrency, fair);
  const customers: Customer[] = [];
  for (let nth = 1; nth <= 6; nth++) customers.push(await createCustomer(stage, still, servers, nth));
  judge.begin(customers);
  const [loud, ...others] = customers as [Customer, ...Customer[]];

  const deploy = (customer: Customer, app: string) =>
    ask("POST", `/v1/apps/${app}/deployments`, {
      ...customer,
      body: {
        bundle: {
          compose: `services:\n  web:\n    image: registry.test/web-good:1\n# of ${customer.tenant}\n`,
          files: [],
          variables: {},
        },
        targets: ["web1"],
      },
    });
  for (const customer of others)
    for (let i = 0; i < MINUTES; i++)
      clock.after(i * MINUTE + stage.chance.between(0, MINUTE), () => void deploy(customer, "shop"));

  if (jobs > 0) {
    // Twenty agents at once, each as fast as it can.
    const agent = async (count: number) => {
      const system: Context = { ...start("loud").world, tenant: loud.tenant, actor: { kind: "system", id: "loud" } };
      for (let i = 0; i < count; i++) await checkTarget(system, "web1");
    };
    clock.after(5 * MINUTE, () => {
      for (let i = 0; i < 20; i++) void agent(jobs / 20);
    });
    for (let i = 0; i < 60; i++)
      clock.after(stage.chance.between(0, MINUTES * MINUTE), () => void deploy(loud, stage.chance.pick(loud.apps)));
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

const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? 0;

test("while one customer floods the queue with 10,000 jobs the others wait at most twice as long as ever, and every rule holds", {
  timeout: 240_000,
}, async () => {
  const quiet = await waitsBeside(0);
  const loud = await waitsBeside(10_000);
  expect(quiet.waits.length).toBeGreaterThan(80);
  expect(loud.waits.length).toBeGreaterThan(80);
  expect(loud.took).toBeGreaterThan(9_900);
  expect(loud.violations).toEqual([]);
  expect(loud.going).toBe(0);
  process.stdout.write(
    `99 of 100 wait at most ${p99(quiet.waits).toFixed(2)} s in quiet and ${p99(loud.waits).toFixed(2)} s beside a flood\n`,
  );
  expect(p99(loud.waits)).toBeLessThanOrEqual(2 * p99(quiet.waits));
  // In a queue that is not fair they would have waited: the flood is one.
  const unfair = await waitsBeside(10_000, false);
  expect(p99(unfair.waits)).toBeGreaterThan(2 * p99(quiet.waits));
});
