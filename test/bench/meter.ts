import type { Cloud } from "@berth/local/cloud.ts";

export interface Spent {
  readonly write: number;
  readonly read: number;
  /** SendMessage, ReceiveMessage with something in it, DeleteMessage. */
  readonly queue: number;
  /** Requests to the table by operation, with their units, in order. */
  readonly requests: readonly string[];
}

/**
 * Counts what a local cloud spends until it is stopped: capacity units as the table engine reckons them, and calls to the jobs queue. Queries
 * of the due index are the schedules' and are left out: they come with the clock, not with a job.
 */
export function startMeter(cloud: Cloud): () => Spent {
  let [write, read, queue] = [0, 0, 0];
  const requests: string[] = [];
  let scheduled = false;
  const { execute } = cloud.dynamodb;
  const stopMeter = cloud.dynamodb.onConsumed((spent) => {
    if (scheduled) return;
    write += spent.write;
    read += spent.read;
    requests.push(`${spent.operation} ${spent.write > 0 ? `${spent.write} w` : ""}${spent.read > 0 ? `${spent.read} r` : ""}`);
  });
  const restoreTable = replace(cloud.dynamodb, "execute", (operation, input) => {
    scheduled = (input as { IndexName?: string }).IndexName === "due";
    return execute(operation, input);
  });
  const jobs = cloud.sqs.queues.get("berth-jobs");
  if (!jobs) throw new Error("there is no queue of jobs");
  const { send, receive, delete: remove } = jobs;
  const restores = [
    restoreTable,
    replace(jobs, "send", (message) => {
      queue++;
      return send(message);
    }),
    replace(jobs, "receive", (most, seconds) => {
      const found = receive(most, seconds);
      if (found.length > 0) queue++;
      return found;
    }),
    replace(jobs, "delete", (receipt) => {
      queue++;
      remove(receipt);
    }),
  ];
  return () => {
    stopMeter();
    for (const restore of restores) restore();
    return { write, read, queue, requests };
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Puts another function in the place of an object's own; answers how to undo it. */
export function replace<T extends object, K extends keyof T>(object: T, name: K, instead: T[K]): () => void {
  const before = object[name];
  (object as Mutable<T>)[name] = instead;
  return () => {
    (object as Mutable<T>)[name] = before;
  };
}
