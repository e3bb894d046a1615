import type { World } from "@berth/domain/context.ts";
import { sweep } from "@berth/domain/job/sweep.ts";
import { commandDoor } from "@berth/local/dynamodb/command-door.ts";
import type { DynamoDBStreamEvent } from "aws-lambda";
import { functions, queues, VISIBILITY_TIMEOUTS } from "../../functions/manifest.ts";
import { systemOf } from "../../functions/worker.ts";
import { answerBells } from "../../functions/workers/bells.ts";
import { ringForNew } from "../../functions/workers/promises.ts";
import { createApi } from "./api.ts";
import { createCustomer, live } from "./customer.ts";
import type { Fault } from "./fault.ts";
import { createJudge } from "./judge.ts";
import { createLines } from "./line.ts";
import { createProcesses, type Process } from "./process.ts";
import { createQueue, type Queue } from "./queue.ts";
import { createRunner, type Server } from "./runner.ts";
import { createStage, START, type Violation } from "./stage.ts";
import { createTable } from "./table.ts";
import { worldOf } from "./world.ts";

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
  const processes = createProcesses(stage);
  const table = createTable(stage, processes);
  const servers = new Map<string, Server>();
  let queue: Queue;
  const world = (process: Process): World => worldOf(stage, processes, table, () => queue, process);
  const judge = createJudge(stage, table, servers);
  const runner = createRunner(stage, judge.watch);
  const lines = createLines(stage, processes, servers, runner, judge.asked);
  queue = createQueue(stage, processes, {
    visibilitySeconds: functions["workers/rollout"].timeoutSeconds * VISIBILITY_TIMEOUTS,
    receives: queues.jobs.receives,
    concurrency: chance.between(4, 12),
    work: (process, event) => answerBells(world(process), lines.reachOf(process))(event),
  });
  const ask = createApi(stage, processes, world);

  const still = { ...world(processes.start({ name: "setup" })), table: { name: "berth-local", client: commandDoor(engine) } };
  const lasts = (chance.hit(0.12) ? chance.between(25, 50) : chance.between(3, 15)) * MINUTE;
  const customers = [];
  for (let nth = 1; nth <= (chance.hit(0.35) ? 2 : 1); nth++) customers.push(await createCustomer(stage, still, servers, nth));
  judge.begin(customers);
  let living = 0;

  function relay(record: unknown, tries = 0): void {
    clock.after(chance.between(200, 2500) + (swarm.strike("stream behind") ? chance.between(0, 20 * MINUTE) : 0), () => {
      const process = processes.start({ name: "relay" });
      living++;
      process.onDeath = () => {
        living--;
        if (tries < 3) relay(record, tries + 1);
      };
      void ringForNew(world(process))({ Records: [record] } as DynamoDBStreamEvent).then(({ batchItemFailures }) => {
        if (process.dead) return;
        process.dead = true;
        living--;
        if (batchItemFailures.length > 0 && tries < 3) relay(record, tries + 1);
      });
    });
  }
  const pattern = functions["workers/relay"].trigger.filter.dynamodb.Keys;
  engine.onRecord((record) => {
    const { pk, sk } = record.dynamodb.Keys;
    const prefixed = (text: string | undefined, [{ prefix }]: readonly [{ readonly prefix: string }]) => text?.startsWith(prefix);
    if (record.eventName === "INSERT" && prefixed(pk?.S, pattern.pk.S) && prefixed(sk?.S, pattern.sk.S)) relay(record);
  });

  function sweeping(): void {
    clock.after(MINUTE, () => {
      sweeping();
      if (swarm.strike("sweep missed")) return;
      const process = processes.start({ name: "sweep" });
      living++;
      const end = () => {
        living--;
        process.dead = true;
      };
      process.onDeath = () => living--;
      clock.after(
        functions["workers/sweep"].timeoutSeconds * 1000,
        () => process.frozenUntil <= clock.now() && processes.kill(process),
      );
      const swept = world(process);
      void sweep(swept, (tenant) => systemOf(swept, tenant, "sweep")).then(
        () => process.dead || end(),
        () => process.dead || end(),
      );
    });
  }
  sweeping();

  const acts = chance.between(3, 12);
  for (const customer of customers) live(stage, ask, customer, servers, lasts, acts);
  const calm = () =>
    judge.going() === 0 && queue.idle() && living === 0 && [...servers.values()].every(({ mutation }) => !mutation);

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
