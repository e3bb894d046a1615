import { Duplex, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import type { Channel } from "../follow.ts";
import { type Output, PIECE_BYTES, type Session } from "./session.ts";

/** Pieces that are under way at once: each takes as long as a command. */
const AT_ONCE = 4;
/** Input that is taken ahead. */
const HELD_BYTES = 256 * 1024;
/** Of what packs well a piece has several times as much. */
const RATIOS = [4, 3, 2];

/** Makes one stream of the pieces of a session. What goes wrong with one ends it, with that error. */
export function channelOf(session: Session): Channel {
  let queue = Buffer.alloc(0);
  let number = 0;
  let underWay = 0;
  let ending: (() => void) | undefined;
  let taken: (() => void) | undefined;
  const stderr = Readable.from([]);

  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      queue = Buffer.concat([queue, chunk]);
      if (queue.length < HELD_BYTES) done();
      else taken = done;
      feed();
    },
    final(done) {
      ending = done;
      feed();
    },
  });

  function feed(): void {
    while (underWay < AT_ONCE && queue.length > 0) {
      const piece = queue.subarray(0, fitting(queue));
      queue = queue.subarray(piece.length);
      send(piece);
      if (queue.length < HELD_BYTES) more();
    }
    if (!ending || queue.length > 0 || underWay > 0) return;
    const done = ending;
    ending = undefined;
    session.put(number, undefined).then(() => done(), broken);
  }

  function more(): void {
    const done = taken;
    taken = undefined;
    done?.();
  }

  function send(piece: Buffer): void {
    underWay += 1;
    session.put(number++, piece).then(() => {
      underWay -= 1;
      feed();
    }, broken);
  }

  function broken(error: unknown): void {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  async function listen(): Promise<void> {
    let offset = 0;
    for (let last: Output | undefined; last?.code === undefined || offset < last.size; ) {
      if (stream.destroyed) return;
      last = await session.get(offset);
      offset += last.bytes.length;
      if (last.bytes.length > 0) stream.push(last.bytes);
      if (last.code !== undefined && offset >= last.size) stream.emit("exit", last.code);
    }
    stream.once("end", () => stream.destroy());
    stream.push(null);
  }

  listen().catch(broken);
  return Object.assign(stream, { stderr });
}

/** How much of it is a piece, packed. */
function fitting(bytes: Buffer): number {
  const found = RATIOS.map((ratio) => ratio * PIECE_BYTES).find(
    (length) => gzipSync(bytes.subarray(0, length)).length <= PIECE_BYTES,
  );
  return Math.min(bytes.length, found ?? PIECE_BYTES);
}
