import type { World } from "@berth/domain/context.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { commandDoor } from "@berth/local-dynamodb/command-door.ts";
import type { DynamoDBStreamEvent } from "aws-lambda";
import { functions, queues, VISIBILITY_TIMEOUTS } from "../../functions/manifest.ts";
import { relayStream } from "../../functions/workers/relay.ts";
import { rolloutQueue } from "../../functions/workers/rollout.ts";
import { createApi } from "./api.ts";
import { createBucket } from "./bucket.ts";
import { createVoices } from "./container-log.ts";
import { createJudge } from "./judge.ts";
import "../support/lazy.ts";
import { createLines } from "./line.ts";
import { createProcesses, type Process } from "./process.ts";
import { createQueue, type Queue } from "./queue.ts";
import { createReaders } from "./reader.ts";
import { createReading } from "./reading.ts";
import { createRunner } from "./runner.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import { createTable, tableName } from "./table.ts";
import { worldOf } from "./world.ts";

const MINUTE = 60_000;

/** The whole service in virtual time: functions started by requests, messages, the stream and the schedule, over one table, with servers. */
export function createCloud(stage: Stage, concurrency: number, fair = true) {
  const { chance, clock, swarm, engine } = stage;
  const processes = createProcesses(stage);
  const table = createTable(stage, processes);
  const servers = new Map<string, Server>();
  let queue: Queue;
  const judge = createJudge(stage, table, servers);
  const bucket = createBucket(stage, processes, judge.builds.bucket);
  const world = (process: Process): World => worldOf(stage, processes, table, bucket, () => queue, process);
  const runner = createRunner(stage, judge.watch);
  const voices = createVoices(stage);
  const reading = createReading(stage, table, voices);
  const lines = createLines(stage, processes, servers, runner, judge.asked, voices, reading.stays, judge.watch);
  queue = createQueue(stage, processes, {
    visibilitySeconds: functions["workers/rollout"].timeoutSeconds * VISIBILITY_TIMEOUTS,
    receives: queues.jobs.receives,
    concurrency,
    fair,
    timeoutSeconds: functions["workers/rollout"].timeoutSeconds,
    onSent: (message) => "log" in message && reading.sent(String(message.log)),
    work: (process, event) => rolloutQueue(world(process), lines.reachOf(process))(event),
  });
  const ask = createApi(stage, processes, world);
  const readers = createReaders(stage, ask, reading, servers, judge.hostOf);

  const still: World = { ...world(processes.start({ name: "setup" })), table: { name: tableName, client: commandDoor(engine) } };
  let living = 0;

  function relay(record: unknown, tries = 0): void {
    clock.after(chance.between(200, 2500) + (swarm.strike("stream behind") ? chance.between(0, 20 * MINUTE) : 0), () => {
      const process = processes.start({ name: "relay" });
      living++;
      process.onDeath = () => {
        living--;
        if (tries < 3) relay(record, tries + 1);
      };
      void relayStream(world(process))({ Records: [record] } as DynamoDBStreamEvent).then(({ batchItemFailures }) => {
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
      void sweep(swept).then(
        () => process.dead || end(),
        () => process.dead || end(),
      );
    });
  }
  sweeping();

  return {
    servers,
    bucket,
    runner,
    lines,
    queue,
    ask,
    judge,
    readers,
    reading,
    /** A world in which nothing takes time and nothing goes wrong, for what is there at the beginning. */
    still,
    /** A process of its own with its world. */
    start: (name: string) => {
      const process = processes.start({ name });
      return { process, world: world(process) };
    },
    /** Nothing is under way. */
    calm: () =>
      judge.going() === 0 &&
      readers.going() === 0 &&
      queue.idle() &&
      living === 0 &&
      [...servers.values()].every(({ mutation }) => !mutation),
  };
}
