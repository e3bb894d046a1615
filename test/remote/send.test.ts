import { PassThrough } from "node:stream";
import { type Archives, RemoteError } from "@berth/domain/remote/remote.ts";
import { sender } from "@berth/domain/remote/send.ts";
import { expect, test } from "vitest";

const A = "a".repeat(64);
const B = "b".repeat(64);
const never = new Promise(() => {});

async function* parts(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

function sent(contents: Readonly<Record<string, AsyncIterable<Uint8Array> | undefined>>, list: Archives["list"]) {
  const channel = new PassThrough();
  const read: Buffer[] = [];
  channel.on("data", (chunk: Buffer) => read.push(chunk));
  const send = sender({ list, open: (hash) => Promise.resolve(contents[hash]) }, channel, never);
  return { send, text: () => Buffer.concat(read).toString() };
}

test("archives are sent in the order in which they are asked for, each with its length, and not mixed", async () => {
  const { send, text } = sent({ [A]: parts("on", "e"), [B]: parts("two!") }, [
    { hash: A, bytes: 3 },
    { hash: B, bytes: 4 },
  ]);
  await Promise.all([send(B), send(A)]);
  expect(text()).toBe("4\ntwo!3\none");
});

test("one that is no longer kept has a length of 0", async () => {
  const { send, text } = sent({}, [{ hash: A, bytes: 3 }]);
  await send(A);
  expect(text()).toBe("0\n");
});

test("a server is sent nothing that is not its run's, and nothing twice", async () => {
  const { send, text } = sent({ [A]: parts("one"), [B]: parts("secret") }, [{ hash: A, bytes: 3 }]);
  await expect(send(B)).rejects.toThrow(/none of its run's/);
  const again = sent({ [A]: parts("one") }, [{ hash: A, bytes: 3 }]);
  await again.send(A);
  await expect(again.send(A)).rejects.toThrow(/none of its run's/);
  expect(text()).toBe("");
});

test("of a server that asks again and again and reads nothing no question is kept", async () => {
  const channel = new PassThrough({ highWaterMark: 1 });
  const { promise: gone, resolve: close } = Promise.withResolvers<void>();
  const send = sender({ list: [{ hash: A, bytes: 3 }], open: () => Promise.resolve(parts("one")) }, channel, gone);
  const first = send(A);
  for (let i = 0; i < 3; i++) await expect(send(A)).rejects.toBeInstanceOf(RemoteError);
  close();
  await first;
});

test("bytes that are not as many as said end it, and no more than said are sent", async () => {
  for (const content of ["on", "one and more"]) {
    const { send, text } = sent({ [A]: parts(content) }, [{ hash: A, bytes: 3 }]);
    const sending = send(A);
    await expect(sending).rejects.toThrow(/bytes and not 3/);
    await expect(sending).rejects.toBeInstanceOf(RemoteError); // anything else would be our own mistake, and no end of the job
    expect(text().length).toBeLessThanOrEqual("3\non".length);
  }
});

test("no more of an archive is held than the channel takes", async () => {
  const channel = new PassThrough({ highWaterMark: 10 });
  let read = 0;
  async function* endless() {
    for (let i = 0; i < 1000; i++) {
      read += 1;
      yield Buffer.alloc(10);
    }
  }
  const send = sender({ list: [{ hash: A, bytes: 10_000 }], open: () => Promise.resolve(endless()) }, channel, never);
  const done = send(A);
  await new Promise((resolve) => setImmediate(resolve));
  expect(read).toBeLessThan(5);
  channel.resume();
  await done;
  expect(read).toBe(1000);
});
