import type { Engine } from "@berth/local-dynamodb/engine.ts";
import type { StreamRecord } from "@berth/local-dynamodb/stream-record.ts";
import type { DynamoDBRecord, DynamoDBStreamEvent } from "aws-lambda";
import { createKeeper, readJson } from "../state/file.ts";
import { failedIn } from "./batch.ts";
import { matches } from "./filter.ts";

export interface StreamSourceOptions {
  readonly engine: Engine;
  readonly table: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly filter: object;
  readonly invoke: (event: DynamoDBStreamEvent) => Promise<unknown>;
  readonly log: (text: string) => void;
  /** Where the place in the stream is kept. */
  readonly file?: string | undefined;
}

const RETRIES = 10;
const RETRY_MS = 1000;

/**
 * The table's stream as Lambda's event source: in order, batched over a window, only what the filter lets through. A batch that failed is
 * given again from the first failed record on; after ten times it is left out, with a line in the log.
 */
export function streamSource(options: StreamSourceOptions): { close(): Promise<void> } {
  const { engine, table, batchSize, windowSeconds, filter, log, file } = options;
  let after = (file === undefined ? undefined : (readJson(file) as { after?: string } | undefined))?.after;
  const keeper = createKeeper(file, () => ({ after }));
  let closed = false;
  let called = false;
  let wake: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const call = () => {
    called = true;
    wake?.();
  };
  const later = (milliseconds: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      call();
    }, milliseconds).unref();
  };
  /** Until called; at once if that has happened since the last sleep. */
  const sleep = async () => {
    if (!called)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    called = false;
  };
  const unhear = engine.onRecord((record, name) => {
    if (name === table && matches(filter, record)) later(windowSeconds * 1000);
  });
  const move = (to: string | undefined) => {
    after = to;
    keeper.touch();
  };

  async function give(records: readonly StreamRecord[]): Promise<void> {
    let rest = records;
    for (let attempt = 1; rest.length > 0 && !closed; attempt++) {
      const ids = rest.map(({ dynamodb }) => dynamodb.SequenceNumber);
      const event = { Records: rest as unknown as DynamoDBRecord[] }; // the same shape, its union less loose
      const failed = await failedIn(
        ids,
        () => options.invoke(event),
        (why) => log(`stream: ${why}`),
      );
      const first = ids.findIndex((id) => failed.has(id));
      rest = first < 0 ? [] : rest.slice(first);
      if (rest.length === 0) return;
      if (attempt > RETRIES) {
        log(`stream: ${rest.length} records were left out after ${RETRIES} tries`);
        return;
      }
      later(RETRY_MS);
      await sleep();
    }
  }

  async function run(): Promise<void> {
    while (!closed) {
      const page = tables(engine).includes(table) ? engine.records(table, after, 1000) : [];
      const wanted = page.filter((record) => matches(filter, record));
      for (let at = 0; at < wanted.length && !closed; at += batchSize) {
        const batch = wanted.slice(at, at + batchSize);
        await give(batch);
        if (!closed) move(batch.at(-1)?.dynamodb.SequenceNumber);
      }
      if (!closed && page.length > 0) move(page.at(-1)?.dynamodb.SequenceNumber);
      if (page.length < 1000 && !closed) await sleep();
    }
  }

  const running = run();
  return {
    close: async () => {
      closed = true;
      unhear();
      clearTimeout(timer);
      call();
      await running;
      keeper.flush();
    },
  };
}

const tables = (engine: Engine) => (engine.execute("ListTables", {}) as { TableNames: string[] }).TableNames;
