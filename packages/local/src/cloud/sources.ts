import type { Queue } from "@berth/domain/context.ts";
import type { Engine } from "@berth/local-dynamodb/engine.ts";
import { type FunctionFacts, type FunctionName, functions } from "../../../../functions/manifest.ts";
import type { CloudClock } from "../clock/clock.ts";
import type { Pool } from "../lambda/pool.ts";
import { type QueueSource, queueSource } from "../lambda/queue-source.ts";
import { createScheduler, type Scheduled, type Scheduler } from "../lambda/scheduler.ts";
import { streamSource } from "../lambda/stream-source.ts";
import type { Sqs } from "../sqs/sqs.ts";
import { queueName } from "./names.ts";
import type { CloudState } from "./state.ts";
import { TABLE } from "./table.ts";

export interface Sources {
  /** Whether nothing that can be worked on now waits in a queue, and nothing of it is being worked on. */
  quiet(queue: Queue): boolean;
  readonly scheduler: Scheduler;
  /** Takes in nothing more, ends what runs with its processes, and waits until all is told. */
  close(pool: Pool): Promise<void>;
}

export interface SourcesOptions {
  readonly dynamodb: Engine;
  readonly sqs: Sqs;
  readonly clock: CloudClock;
  /** Where a part of the state is kept. */
  readonly file: CloudState["file"];
  readonly log: (text: string) => void;
  readonly invoke: (name: FunctionName, event: unknown) => Promise<unknown>;
}

/** How many batches of one queue are worked on at once here; the cloud's own limits are higher. */
const MOST_AT_ONCE = 16;

/** Everything that starts functions but requests: queues, the table's stream and schedules, by the functions' manifest. */
export function startSources({ dynamodb, sqs, clock, file, invoke, ...options }: SourcesOptions): Sources {
  let closing = false;
  // What is cut off at the end comes back at the next start: nothing to tell.
  const log = (text: string) => {
    if (!closing) options.log(text);
  };
  const schedules: Scheduled[] = [];
  const sources: { close(): Promise<void> }[] = [];
  const drains = new Map<Queue, QueueSource>();
  for (const name of Object.keys(functions) as FunctionName[]) {
    const { trigger, concurrency }: FunctionFacts = functions[name];
    const run = (event: unknown) => invoke(name, event);
    if (trigger.kind === "queue") {
      const queue = sqs.queues.get(queueName(trigger.queue));
      if (!queue) throw new Error(`there is no queue ${trigger.queue}`);
      const { batchSize } = trigger;
      const source = queueSource({ sqs, queue, batchSize, concurrency: Math.min(concurrency, MOST_AT_ONCE), invoke: run, log });
      sources.push(source);
      drains.set(trigger.queue, source);
    } else if (trigger.kind === "table-stream")
      sources.push(streamSource({ engine: dynamodb, table: TABLE, ...trigger, invoke: run, log, file: file("stream.json") }));
    else if (trigger.kind === "schedule")
      for (const { name: schedule, everyMinutes } of trigger.schedules)
        schedules.push({ name: schedule, everyMinutes, run: () => run({ schedule }) });
  }
  const scheduler = createScheduler(schedules, { clock, log, file: file("schedules.json") });
  return {
    scheduler,
    quiet: (queue) => (sqs.queues.get(queueName(queue))?.counts().visible ?? 0) + (drains.get(queue)?.busy() ?? 0) === 0,
    close: async (pool) => {
      closing = true;
      const ends = [scheduler, ...sources].map((each) => each.close());
      await pool.close();
      await Promise.all(ends);
    },
  };
}
