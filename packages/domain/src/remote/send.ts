import type { Writable } from "node:stream";
import { type Archives, type Carried, RemoteError } from "./remote.ts";

/**
 * Answers a server that asks for archives, one after the other: a line with the length and the bytes, or a length of 0. Each is sent once, and only if
 * it belongs to the run. Never holds more of one than the channel takes, nor more questions than the run has archives.
 * @throws RemoteError for a name that is none of the run's, or bytes that are not as many as said
 */
export function sender(
  { list, mounted = [], open }: Archives,
  channel: Writable,
  gone: Promise<unknown>,
): (hash: string) => Promise<void> {
  const left = new Map([...list, ...mounted].map(({ hash, bytes }) => [hash, bytes]));
  let before = Promise.resolve();
  return (hash) => {
    const bytes = left.get(hash);
    if (bytes === undefined)
      return Promise.reject(new RemoteError("dropped", "The server asks for an archive that is none of its run's"));
    left.delete(hash);
    before = before.then(() => send(hash, bytes));
    return before;
  };

  async function send(hash: string, bytes: number): Promise<void> {
    const content = await open(hash);
    if (!content) return void channel.write("0\n");
    await pour(channel, gone, { bytes, content });
  }
}

const WAITING_MS = 20_000;

/** Answers a server that asks for images from another: empty lines until that has packed them, a line with the length, and the bytes. */
export async function sendCarried(channel: Writable, gone: Promise<unknown>, packing: Promise<Carried>): Promise<void> {
  const waiting = setInterval(() => channel.write("\n"), WAITING_MS);
  const pack = await packing.finally(() => clearInterval(waiting));
  if ("gone" in pack) channel.write(`0 ${pack.gone.replaceAll("\n", " ")}\n`);
  else await pour(channel, gone, pack);
  channel.end();
}

async function pour(
  channel: Writable,
  gone: Promise<unknown>,
  { bytes, content }: { readonly bytes: number; readonly content: AsyncIterable<Uint8Array> },
): Promise<void> {
  channel.write(`${bytes}\n`);
  let sent = 0;
  for await (const chunk of content) {
    sent += chunk.length;
    if (sent > bytes) break;
    if (!channel.write(chunk)) await Promise.race([drained(channel), gone]);
    if (channel.destroyed) return;
  }
  if (sent !== bytes) throw new RemoteError("dropped", `What is sent has ${sent} bytes and not ${bytes}`);
}

const drained = (channel: Writable) => new Promise<void>((resolve) => channel.once("drain", resolve));
