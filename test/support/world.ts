import "./lazy.ts";
import { gunzipSync, inflateRawSync } from "node:zlib";
import type { Queue, Send, World } from "@berth/domain/context.ts";
import { Mail } from "@berth/domain/mail/mail.ts";
import { sealing } from "@berth/domain/secret/seal.ts";
import { makeTable, TABLE } from "@berth/local/cloud/table.ts";
import { createKey } from "@berth/local/kms/keys.ts";
import { commandDoor } from "@berth/local-dynamodb/command-door.ts";
import { createEngine, type Engine } from "@berth/local-dynamodb/engine.ts";
import type Stripe from "stripe";
import { createChance } from "./chance.ts";
import { type Clock, createClock } from "./clock.ts";

/** A message that was sent and not yet taken. */
interface Sent {
  readonly queue: Queue;
  readonly message: Record<string, unknown>;
  readonly options: Send;
  readonly at: Date;
}

interface Logged {
  readonly level: string;
  readonly message: string;
  readonly facts: Record<string, unknown>;
}

/** The world of a test: the real domain over the table engine in memory, with clock, chance, queues and mails in the test's hand. */
export interface TestWorld {
  readonly world: World;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Everything sent and not taken, oldest first. */
  readonly sent: Sent[];
  /** Takes the messages of a queue away and answers them. */
  take(queue: Queue): Sent[];
  /** Mails that were to be sent, oldest first; they stay. */
  mails(): Mail[];
  /** The code in the last mail to an address. */
  code(email: string): string;
  readonly logs: Logged[];
  /** Where the dashboard and API are said to be from now on. */
  setOrigin(origin: string): void;
  /** Everything in the table, as JSON: what a thief of the table would have. */
  dump(): string;
  close(): void;
}

export interface TestWorldOptions {
  readonly seed?: number;
  readonly start?: Date;
  /** The clock also moves with real time. */
  readonly running?: boolean;
  readonly origin?: string;
  readonly stripe?: () => Promise<Stripe>;
  /** Laid over the world, for faults and counters. */
  readonly over?: Partial<World>;
}

/** What is packed, unpacked: a thief can do that. What does not unpack, as sealed bytes do not, is there as it is. */
function plain(name: string, value: unknown): unknown {
  if (name !== "B" || !(typeof value === "string" || value instanceof Uint8Array)) return value;
  const bytes = typeof value === "string" ? Buffer.from(value, "base64") : Buffer.from(value);
  try {
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : inflateRawSync(bytes)).toString("utf8");
  } catch {
    return bytes.toString("latin1");
  }
}

export function testWorld(options: TestWorldOptions = {}): TestWorld {
  const clock = createClock({ ...(options.start && { start: options.start }), running: options.running ?? false });
  const random = createChance(options.seed ?? 1);
  const engine = createEngine({ now: () => clock.now().getTime() });
  makeTable(engine);
  const key = createKey({ random });
  const sent: Sent[] = [];
  const mails: Mail[] = [];
  const logs: Logged[] = [];
  let origin = options.origin ?? "https://berth.test";
  const world: World = {
    stage: "test",
    get origin() {
      return origin;
    },
    support: "support@berth.test",
    account: "999988887777",
    privateTargets: true,
    table: { name: TABLE, client: commandDoor(engine) },
    now: clock.now,
    random,
    sleep: clock.sleep,
    send: (queue, message, about = {}) => {
      sent.push({ queue, message: message as Record<string, unknown>, options: about, at: clock.now() });
      if (queue === "mail") mails.push(Mail.parse(message));
      return Promise.resolve();
    },
    ...sealing(
      {
        make: (about) => Promise.resolve(key.generateDataKey(about)),
        unwrap: async (wrapped, about) => key.decrypt(wrapped, about),
      },
      random,
    ),
    stripe: options.stripe ?? (() => Promise.reject(new Error("this test's world has no Stripe"))),
    github: { url: "https://token.actions.githubusercontent.com", keys: () => Promise.resolve([]) },
    archives: {
      upload: (_, { hash }) => Promise.resolve({ hash, url: `https://bucket.example/${hash}`, headers: {} }),
      open: () => Promise.resolve(undefined),
    },
    log: (level, message, facts = {}) => void logs.push({ level, message, facts }),
    ...options.over,
  };
  return {
    world,
    engine,
    clock,
    sent,
    logs,
    take: (queue) => {
      const taken = sent.filter((each) => each.queue === queue);
      for (const each of taken) sent.splice(sent.indexOf(each), 1);
      return taken;
    },
    mails: () => [...mails],
    code: (email) => {
      const mail = mails.findLast((each) => each.to === email && each.template === "code");
      if (!mail) throw new Error(`no code was mailed to ${email}`);
      return String(mail.data.code);
    },
    setOrigin: (to) => {
      origin = to;
    },
    dump: () => JSON.stringify(engine.execute("Scan", { TableName: TABLE }), plain),
    close: () => engine.close(),
  };
}
