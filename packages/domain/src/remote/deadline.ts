import type { World } from "../context.ts";
import type { Ceiling } from "../held.ts";
import { RemoteError } from "./remote.ts";

/** The longest that a read-only operation may take on a server, from the first packet to the last. */
export const READ_SECONDS = 30;
export const READER_SECONDS = READ_SECONDS + 15;
/** Workers that one tenant's unresponsive servers can occupy. */
export const readers: Ceiling = { name: "readers", most: 4, seconds: READER_SECONDS };
export const CONNECT_SECONDS = 20;
/** To take a role and to have a command answered. */
export const MANAGED_SECONDS = 25;

/** Limits a wait for a server. On timeout, `signal` tells the work to stop, without waiting for it. @throws RemoteError timeout */
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
