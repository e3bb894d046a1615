import type { World } from "../../context.ts";
import { type ExitClass, exitClasses, RemoteError } from "../remote.ts";
import { RUN } from "../request.ts";
import { cleanText } from "../text.ts";
import { type Commands, outputOf } from "./command.ts";
import { door, serve } from "./scripts.ts";
import { type Agreement, agree, type Seal } from "./seal.ts";

/** A channel on the server, by commands that it answers (door.sh). */
export interface Session {
  /** Undefined is the end of the input. Pieces may arrive in any order, and twice. */
  put(number: number, piece: Uint8Array | undefined): Promise<void>;
  /** What the command has said from that byte on, a part of it at a time, once there is some or it has ended. */
  get(offset: number): Promise<Output>;
  close(): Promise<void>;
}

/** Why the server opens no channel, as a run would say it. */
export interface Closed {
  readonly no: ExitClass;
  readonly message: string;
}

export interface Output {
  readonly bytes: Buffer;
  /** All that was said so far; with `code`, all that ever will. */
  readonly size: number;
  readonly code?: number;
}

/** So that what a command says fits into the 24,000 characters that AWS tells of it, and what is sent is no longer. */
export const PIECE_BYTES = 17_400;
const PIECE_CHARACTERS = 24_000;
const OPEN_SECONDS = 20;
const PUT_SECONDS = 60;
/** How long a server waits for output. */
const GET_SECONDS = 20;
const GET_PATIENCE_SECONDS = 40;
const CLOSE_SECONDS = 5;

const encoded = (text: string) => Buffer.from(text).toString("base64");

/** What a shell reads is a constant of ours, but for words of letters, digits, + / = and a dash. */
function linesOf(...words: readonly string[]): string[] {
  for (const word of words)
    if (!/^[A-Za-z0-9+/=-]+$/.test(word)) throw new Error("a word of a command has other characters than base64");
  return [`set -- ${words.join(" ")}`, door];
}

/** Agrees on a key with the server and starts RUN there. @throws RemoteError */
export async function openSession(
  clock: Pick<World, "now" | "sleep" | "random">,
  commands: Commands,
  signal?: AbortSignal,
): Promise<Session | Closed> {
  const id = Buffer.from(clock.random(16)).toString("hex");
  const over = new AbortController();
  const say = (seconds: number, ...words: string[]) =>
    outputOf(clock, commands, linesOf(...words), { seconds, signal: over.signal });
  const own = agree(clock.random);
  const words = ["open", id, own.publicKey, encoded(serve), encoded(RUN)];
  const answer = await outputOf(clock, commands, linesOf(...words), { seconds: OPEN_SECONDS, signal });
  const [, theirs] = /^open ([A-Za-z0-9+/=]+)$/m.exec(answer) ?? [];
  if (theirs === undefined) {
    const [, said, message = "The server says something else than what it was asked"] = /^no (\S+) (.+)$/m.exec(answer) ?? [];
    return { no: exitClasses.find((each) => each === said) ?? "internal", message: cleanText(message) };
  }
  const seal = sealWith(own, theirs);

  return {
    async put(number, piece) {
      const text = piece ? seal.seal(piece).toString("base64") : "-";
      if (text.length > PIECE_CHARACTERS) throw new Error("a piece is too long for a command");
      if ((await say(PUT_SECONDS, "put", id, String(number), text)).trim() !== "put") throw gone();
    },
    async get(offset) {
      const answer = await say(GET_SECONDS + GET_PATIENCE_SECONDS, "get", id, String(offset), String(GET_SECONDS * 10));
      const [, size, code, piece] = /^out (\d{1,15}) (-|\d{1,3}) (-|[A-Za-z0-9+/=]+)\s*$/.exec(answer) ?? [];
      if (size === undefined || piece === undefined) throw gone();
      const bytes = piece === "-" ? Buffer.alloc(0) : seal.open(Buffer.from(piece, "base64"));
      if (bytes.length === 0 && code !== "-" && Number(size) > offset) throw gone();
      return { bytes, size: Number(size), ...(code !== "-" && { code: Number(code) }) };
    },
    async close() {
      over.abort();
      // What is not delivered is not missed: the server hangs up by itself.
      await Promise.race([commands.send(linesOf("close", id), CLOSE_SECONDS + 30), clock.sleep(CLOSE_SECONDS * 1000)]).catch(
        unheard,
      );
    },
  };
}

function sealWith(own: Agreement, theirs: string): Seal {
  try {
    return own.with(theirs);
  } catch (cause) {
    throw new RemoteError("dropped", "The server agreed on no key", { cause });
  }
}

const gone = () => new RemoteError("dropped", "The channel on the server is gone");

const unheard = (error: unknown) => {
  if (!(error instanceof Error)) throw error;
};
