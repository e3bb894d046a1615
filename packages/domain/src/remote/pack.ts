import { createReader } from "./events.ts";
import { type Carried, RemoteError } from "./remote.ts";

/** Before the bytes of a pack come at most some lines of the login shell. */
const HEAD_BYTES = 16 * 1024;

/** What the operation `save` writes: a pack, of which nothing is read ahead, or why there is none. @throws RemoteError dropped */
export async function readPack(output: AsyncIterable<Uint8Array>): Promise<Carried> {
  const chunks = output[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
    const found = /(?:^|\n)berth 1 0\ni\t(\d{1,15})\n/.exec(head.toString("latin1"));
    if (found) return { bytes: Number(found[1]), content: from(head.subarray(found.index + found[0].length), chunks) };
    if (head.length > HEAD_BYTES) throw new RemoteError("dropped", "The server says something else than what it was asked");
  }
  const reader = createReader(0, () => {});
  reader.push(head);
  if (!reader.exit) throw new RemoteError("dropped", "The connection was lost");
  return { gone: reader.exit.message ?? "It has nothing to send" };
}

async function* from(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
