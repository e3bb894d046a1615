import { createCloud } from "./cloud.ts";
import { createCustomer, live } from "./customer.ts";
import type { Fault } from "./fault.ts";
import { createStage, START, type Violation } from "./stage.ts";

// Loaded at their first use in production; here before the first seed, so that a first import shifts no order of events.
await Promise.all([
  import("ipaddr.js"),
  import("yaml"),
  import("@berth/domain/deployment/deploy.ts"),
  import("@berth/domain/import/apply.ts"),
  import("@berth/domain/billing/change.ts"),
  import("@berth/domain/billing/checkout.ts"),
  import("@berth/domain/billing/portal.ts"),
  import("@berth/domain/billing/refresh.ts"),
]);

export interface History {
  readonly seed: number;
  /** Of everything that happened, in order. */
  readonly hash: string;
  readonly events: number;
  /** Virtual seconds. */
  readonly seconds: number;
  readonly jobs: number;
  readonly calm: boolean;
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  readonly violations: readonly Violation[];
  /** Where it was asked for. */
  readonly lines: readonly string[];
}

const MINUTE = 60_000;
/** From the last fault to the end of the last job, and some for runs under way. */
const QUIET_MINUTES = 45;

/** One history: from a seed and nothing else. */
export async function history(seed: number, options: { readonly readable?: boolean } = {}): Promise<History> {
  const stage = createStage(seed, options.readable ?? false);
  const { chance, clock, swarm, engine, tell } = stage;
  const concurrency = chance.between(4, 12);
  const { servers, runner, lines, queue, ask, judge, still, calm } = createCloud(stage, concurrency);
  const lasts = (chance.hit(0.12) ? chance.between(25, 50) : chance.between(3, 15)) * MINUTE;
  const customers = [];
  for (let nth = 1; nth <= (chance.hit(0.35) ? 2 : 1); nth++) customers.push(await createCustomer(stage, still, servers, nth));
  judge.begin(customers);
  const acts = chance.between(3, 12);
  for (const customer of customers) live(stage, ask, customer, servers, lasts, acts);

  await clock.run(START + lasts);
  swarm.quiet();
  tell("*", "from here on nothing goes wrong");
  for (const server of servers.values()) runner.heal(server);
  const quietAt = clock.now();
  const asked = quietAt + MINUTE; // what customers still insist on is asked by then
  await clock.run(quietAt + QUIET_MINUTES * MINUTE, () => clock.now() > asked && calm());
  queue.hurry();
  await clock.run(clock.now() + 2 * MINUTE);
  await clock.run(clock.now() + 30 * MINUTE, () => calm() && queue.pending() === 0);
  judge.rest({ queue, lines, quietAt });

  engine.close();
  return {
    seed,
    hash: stage.hash(),
    events: clock.events(),
    seconds: (clock.now() - START) / 1000,
    jobs: judge.jobs(),
    calm: swarm.calm,
    faults: Object.fromEntries(swarm.struck),
    violations: stage.violations,
    lines: stage.lines,
  };
}
