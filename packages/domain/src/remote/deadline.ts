import type { World } from "../context.ts";
import type { Ceiling } from "../held.ts";
import { RemoteError } from "./remote.ts";

/** The longest that a question which only reads may take of a server, from the first packet to the last. */
export const READ_SECONDS = 30;
/** Until a worker that reads has certainly gone: the question and what comes before and after it. */
export const READER_SECONDS = READ_SECONDS + 15;
/** Workers that a tenant's silent servers can keep from others. */
export const readers: Ceiling = { name: "readers", most: 4, seconds: READER_SECONDS };
/** The longest that making a connection may take, name and all. */
export const CONNECT_SECONDS = 20;

/**
 * Our own end to a wait on somebody else's machine, whatever that machine says or keeps silent about. When time runs out the signal tells the
 * work to let go of what it holds; nobody waits for it to do so. @throws RemoteError timeout
 */
export function within<T>(world: Pick<World, "sleep">, seconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  return new Promise<T>((resolve, reject) => {
    void world.sleep(seconds * 1000, done.signal).then(() => {
      if (done.signal.aborted) return;
      reject(new RemoteError("timeout", `The server did not answer within ${seconds} seconds`));
      late.abort();
    });
    work(late.signal)
      .then(resolve, reject)
      .finally(() => done.abort());
  });
}
