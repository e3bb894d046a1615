import { createKeeper, readJson } from "../state/file.ts";
import type { Message, QueueOptions } from "./message.ts";
import { createQueue, type Queue, type QueueState } from "./queue.ts";

export interface SqsClock {
  readonly now: () => number;
  onTurn(listener: () => void): () => void;
}

/** All queues of the local cloud. */
export interface Sqs {
  readonly queues: ReadonlyMap<string, Queue>;
  /** Receives, and waits up to so many seconds of real time while there is nothing to receive. */
  receive(queue: Queue, options: ReceiveOptions): Promise<Message[]>;
  /** Moves what is in dead letters back where it came from. Answers how many. */
  redrive(deadLetters: string): number;
  purge(): void;
  /** Ends every wait and writes what was not written. */
  close(): void;
}

export interface ReceiveOptions {
  readonly most: number;
  readonly waitSeconds: number;
  readonly visibilitySeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function createSqs(
  definitions: readonly QueueOptions[],
  options: { readonly clock: SqsClock; readonly file?: string | undefined },
): Sqs {
  const { clock, file } = options;
  const queues = new Map<string, Queue>();
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const each of [...waiting]) each();
  };
  const keeper = createKeeper(file, () => Object.fromEntries([...queues].map(([name, queue]) => [name, queue.state()])));
  const changed = () => {
    keeper.touch();
    wake();
  };
  const saved = (file === undefined ? undefined : readJson(file)) as Record<string, QueueState> | undefined;
  for (const definition of definitions) {
    const bury = (message: Message, name: string) => {
      const grave = queues.get(name);
      if (!grave) throw new Error(`there is no queue ${name}`);
      grave.adopt({ ...message, from: definition.name });
    };
    queues.set(definition.name, createQueue(definition, { now: clock.now, bury, onChange: changed }, saved?.[definition.name]));
  }
  const stop = clock.onTurn(wake);
  let closed = false;

  async function receive(queue: Queue, { most, waitSeconds, visibilitySeconds, signal }: ReceiveOptions): Promise<Message[]> {
    const until = performance.now() + waitSeconds * 1000;
    for (;;) {
      if (closed || signal?.aborted) return [];
      const found = queue.receive(most, visibilitySeconds);
      const left = until - performance.now();
      if (found.length > 0 || left <= 0) return found;
      const next = queue.nextVisibleAt();
      const wait = Math.min(left, next === undefined ? Number.POSITIVE_INFINITY : Math.max(1, next - clock.now()));
      await somethingMoved(wait, signal);
    }
  }

  const somethingMoved = (milliseconds: number, signal: AbortSignal | undefined) =>
    new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      waiting.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });

  return {
    queues,
    receive,
    redrive: (name) => {
      const given = queues.get(name)?.surrender() ?? [];
      for (const { from, ...message } of given) (queues.get(from ?? "") ?? queues.get(name))?.adopt(message);
      return given.length;
    },
    purge: () => {
      for (const queue of queues.values()) queue.purge();
    },
    close: () => {
      closed = true;
      stop();
      wake();
      keeper.flush();
    },
  };
}
