import { createCloud } from "./cloud.ts";
import { createCustomer, live } from "./customer.ts";
import type { Fault } from "./fault.ts";
import { besiege, SHARE } from "./hostile.ts";
import { keepingIn } from "./keeping.ts";
import { createStage, START, type Violation } from "./stage.ts";
import { createUploads } from "./uploads.ts";

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
/** And where something is built, to the end of the last upload. */
const SENDING_MINUTES = 95;
/** Until one of the workers that are nobody's share is done with what it does in between. */
const HELD_UP_SECONDS = 2;

/** One history: from a seed and nothing else. */
export async function history(seed: number, options: { readonly readable?: boolean } = {}): Promise<History> {
  const stage = createStage(seed, options.readable ?? false);
  const { chance, clock, swarm, engine, tell } = stage;
  const many = chance.hit(0.35) ? 2 : 1;
  const hostile = chance.hit(0.08);
  // Beside a hostile one there are as many workers as all customers' shares, and a few.
  const shares = (many + 1) * (5 + SHARE.looks + SHARE.logs);
  const concurrency = hostile ? shares + 4 : chance.between(4, 12) + 4 * many;
  const cloud = createCloud(stage, concurrency);
  const { servers, bucket, runner, lines, queue, ask, judge, readers, reading, still } = cloud;
  const lasts = (chance.hit(0.12) ? chance.between(25, 50) : chance.between(3, 15)) * MINUTE;
  const customers = [];
  for (let nth = 1; nth <= many; nth++) customers.push(await createCustomer(stage, still, servers, nth));
  const enemy = hostile
    ? await createCustomer(stage, still, servers, 9, { plan: "pro", apps: ["bomb", "trap", "well", "pit"], servers: 5, hostile })
    : undefined;
  judge.begin(enemy ? [...customers, enemy] : customers);
  const acts = chance.between(3, 12);
  const builders = chance.hit(0.3) ? customers.map(({ tenant }) => createUploads(stage, bucket, judge.builds, tenant)) : [];
  const calm = () => cloud.calm() && builders.every(({ going }) => going() === 0);
  const keeping = keepingIn(seed);
  for (const [i, customer] of customers.entries())
    live(stage, ask, customer, servers, readers, lasts, acts, { uploads: builders[i], keeping });
  if (enemy) besiege(stage, ask, enemy, servers, readers, chance.between(1, 3));

  await clock.run(START + lasts);
  swarm.quiet(clock.now());
  tell("*", "from here on nothing goes wrong");
  for (const server of servers.values()) runner.heal(server);
  const quietAt = clock.now();
  const asked = quietAt + MINUTE; // what customers still insist on is asked by then
  await clock.run(
    quietAt + (builders.length > 0 ? SENDING_MINUTES : QUIET_MINUTES) * MINUTE,
    () => clock.now() > asked && calm(),
  );
  queue.hurry();
  await clock.run(clock.now() + 2 * MINUTE);
  await clock.run(clock.now() + 30 * MINUTE, () => calm() && queue.pending() === 0);
  judge.rest({ queue, lines, quietAt, builds: builders.length > 0 });
  reading.rest();
  const blurred = swarm.has("clock skewed") || swarm.has("process frozen");
  for (const { tenant } of enemy ? [...customers, enemy] : customers) {
    const share = [...servers.values()].filter((server) => server.tenant === tenant).length + SHARE.looks + SHARE.logs;
    if (!blurred && queue.mostHeld(tenant) > share)
      stage.violate("14 a tenant has its share", `${tenant} held ${queue.mostHeld(tenant)} workers of ${share}`);
  }
  if (hostile && !blurred && queue.heldUp() > HELD_UP_SECONDS)
    stage.violate("14 nobody holds up anybody else", `a message waited ${queue.heldUp().toFixed(1)} s for a worker`);

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
