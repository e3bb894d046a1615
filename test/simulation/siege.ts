import { createCloud } from "./cloud.ts";
import { type Customer, createCustomer } from "./customer.ts";
import { besiege, SHARE } from "./hostile.ts";
import { createStage, START } from "./stage.ts";

const MINUTES = 6;
const MINUTE = 60_000;
const SERVERS = 15;
/** Workers: as many as the hostile one may hold, and some for what lasts a moment and for five others. */
const CONCURRENCY = SERVERS + SHARE.looks + SHARE.logs + 15;

/** Five customers who check and deploy now and then, and beside them one that does its worst; seconds that each check and deploy took, sorted. */
export async function takesBeside(attacked: boolean) {
  const stage = createStage(16, false); // a seed without a fault
  stage.swarm.quiet();
  const { chance, clock } = stage;
  const { still, servers, judge, ask, queue, readers, reading } = createCloud(stage, CONCURRENCY, false);
  const others: Customer[] = [];
  for (let nth = 1; nth <= 5; nth++) others.push(await createCustomer(stage, still, servers, nth));
  const apps = Array.from({ length: 8 }, (_, i) => `bomb${i}`);
  const hostile = await createCustomer(stage, still, servers, 9, { plan: "studio", apps, servers: SERVERS, hostile: true });
  judge.begin([...others, hostile]);
  for (const customer of others)
    for (let i = 0; i < MINUTES; i++) {
      const compose = `services:\n  web:\n    image: registry.test/web-good:1\n# of ${customer.tenant}\n`;
      const body = { bundle: { compose, files: [], variables: {} }, targets: ["web1"] };
      clock.after(i * MINUTE + chance.between(0, 25_000), () => void ask("POST", "/v1/targets/web1/check", customer));
      clock.after(
        i * MINUTE + chance.between(30_000, MINUTE),
        () => void ask("POST", "/v1/apps/shop/deployments", { ...customer, body }),
      );
    }
  if (attacked) besiege(stage, ask, hostile, servers, readers, 2 * MINUTES, true);
  await clock.run(START + (MINUTES + 5) * MINUTE);
  stage.engine.close();
  const all = (times: ReadonlyMap<string, number[]>) =>
    others.flatMap(({ tenant }) => times.get(tenant) ?? []).sort((a, b) => a - b);
  return {
    checks: all(judge.checks),
    deploys: all(judge.waits),
    /** Workers that the hostile one held at once, at most. */
    held: queue.mostHeld(hostile.tenant),
    sessions: reading.costs.size,
    violations: stage.violations,
  };
}
