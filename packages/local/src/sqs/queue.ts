import { randomUUID } from "node:crypto";
import { AwsError } from "../aws/error.ts";
import type { Message, NewMessage, QueueOptions } from "./message.ts";

const DEDUPE_MS = 5 * 60_000;
/** SQS's own default. */
const RETENTION_SECONDS = 4 * 86_400;
/** SQS takes messages of up to 1 MiB. */
const LARGEST = 1024 * 1024;

export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** What a queue remembers between restarts. */
export interface QueueState {
  readonly messages: Message[];
  readonly seen: [string, { id: string; at: number; sequence: number }][];
}

/**
 * One queue with SQS's rules: a received message is invisible for a while and comes back unless it was deleted by its last receipt; one that
 * came back too often goes to dead letters at the next look. A FIFO queue gives a group's messages in order and none of a group that has one
 * in flight, and drops what was sent before under the same id within five minutes.
 */
export interface Queue {
  readonly options: QueueOptions;
  send(message: NewMessage): { readonly id: string; readonly sequence: number };
  /** What is visible now, at most `most`. */
  receive(most: number, visibilitySeconds?: number): Message[];
  /** Deletes by receipt. With an older receipt of a message nothing is deleted, as in the service. */
  delete(receipt: string): void;
  changeVisibility(receipt: string, seconds: number): void;
  /** Takes a message over from another queue. */
  adopt(message: Message): void;
  /** Gives every message away that is not in flight. */
  surrender(): Message[];
  purge(): void;
  counts(): Counts;
  /** When the next message becomes visible, of those that are not; undefined if there is none. */
  nextVisibleAt(): number | undefined;
  /** All messages, oldest first. */
  readonly messages: () => readonly Message[];
  state(): QueueState;
}

export interface QueueWorld {
  readonly now: () => number;
  /** Takes in what this queue gives up on. */
  readonly bury: (message: Message, queue: string) => void;
  readonly onChange: () => void;
}

export function createQueue(options: QueueOptions, world: QueueWorld, state?: QueueState): Queue {
  let messages: Message[] = state?.messages ?? [];
  const seen = new Map(state?.seen ?? []);
  let sequence = messages.reduce((most, each) => Math.max(most, each.sequence), 0);

  const byReceipt = (receipt: string) => {
    if (!/^[0-9a-f-]{36}#[0-9a-f-]{36}$/.test(receipt))
      throw new AwsError("ReceiptHandleIsInvalid", "The receipt handle is not valid");
    return messages.find((each) => each.receipt === receipt);
  };

  function send(message: NewMessage) {
    check(options, message);
    const now = world.now();
    for (const [dedupe, { at }] of seen) if (at + DEDUPE_MS <= now) seen.delete(dedupe);
    const before = message.dedupe === undefined ? undefined : seen.get(message.dedupe);
    if (options.fifo && before) return before;
    const made: Message = {
      id: randomUUID(),
      body: message.body,
      sentAt: now,
      sequence: ++sequence,
      ...(message.group !== undefined && { group: message.group }),
      ...(message.dedupe !== undefined && { dedupe: message.dedupe }),
      ...(message.attributes && { attributes: message.attributes }),
      visibleAt: now + (message.delaySeconds ?? 0) * 1000,
      receives: 0,
    };
    messages.push(made);
    if (options.fifo && message.dedupe !== undefined) seen.set(message.dedupe, { id: made.id, at: now, sequence });
    world.onChange();
    return made;
  }

  /** Drops what is too old and buries what was received too often. */
  function tidy(now: number): void {
    const oldest = now - (options.retentionSeconds ?? RETENTION_SECONDS) * 1000;
    const { deadLetters } = options;
    const kept: Message[] = [];
    const buried: Message[] = [];
    for (const each of messages) {
      if (each.sentAt < oldest) continue;
      const spent = deadLetters !== undefined && each.receives >= deadLetters.receives && each.visibleAt <= now;
      (spent ? buried : kept).push(each);
    }
    if (kept.length === messages.length) return;
    messages = kept;
    for (const each of buried) world.bury(each, deadLetters!.queue); // only a queue with dead letters buries
    world.onChange();
  }

  function receive(most: number, visibilitySeconds = options.visibilitySeconds): Message[] {
    const now = world.now();
    tidy(now);
    const blocked = new Set(options.fifo ? messages.filter((each) => each.visibleAt > now).map((each) => each.group) : []);
    const taken: Message[] = [];
    for (const each of messages) {
      if (taken.length === most) break;
      if (each.visibleAt > now || (options.fifo && blocked.has(each.group))) continue;
      each.visibleAt = now + visibilitySeconds * 1000;
      each.receives += 1;
      each.firstReceivedAt ??= now;
      each.receipt = `${each.id}#${randomUUID()}`;
      taken.push({ ...each });
    }
    if (taken.length > 0) world.onChange();
    return taken;
  }

  return {
    options,
    send,
    receive,
    delete: (receipt) => {
      const found = byReceipt(receipt);
      if (!found) return;
      messages.splice(messages.indexOf(found), 1);
      world.onChange();
    },
    changeVisibility: (receipt, seconds) => {
      const found = byReceipt(receipt);
      if (!found || found.visibleAt <= world.now()) throw new AwsError("MessageNotInflight", "The message is not in flight");
      found.visibleAt = world.now() + seconds * 1000;
      world.onChange();
    },
    adopt: ({ receipt: _receipt, firstReceivedAt: _first, ...message }) => {
      messages.push({ ...message, sequence: ++sequence, visibleAt: world.now(), receives: 0 });
      world.onChange();
    },
    surrender: () => {
      const now = world.now();
      const given = messages.filter((each) => each.visibleAt <= now);
      messages = messages.filter((each) => each.visibleAt > now);
      world.onChange();
      return given;
    },
    purge: () => {
      messages = [];
      world.onChange();
    },
    counts: () => count(messages, world.now()),
    nextVisibleAt: () => {
      const now = world.now();
      const later = messages.filter((each) => each.visibleAt > now).map((each) => each.visibleAt);
      return later.length === 0 ? undefined : Math.min(...later);
    },
    messages: () => messages,
    state: () => ({ messages, seen: [...seen] }),
  };
}

function count(messages: readonly Message[], now: number): Counts {
  const hidden = messages.filter((each) => each.visibleAt > now);
  const inFlight = hidden.filter((each) => each.receives > 0).length;
  return { visible: messages.length - hidden.length, inFlight, delayed: hidden.length - inFlight };
}

function check(options: QueueOptions, { body, delaySeconds, group, dedupe }: NewMessage): void {
  const refuse = (message: string) => new AwsError("InvalidParameterValue", message);
  if (body === "") throw new AwsError("MissingParameter", "The request must contain the parameter MessageBody.");
  if (Buffer.byteLength(body) > LARGEST)
    throw refuse("One or more parameters are invalid. Message must be shorter than 1048576 bytes.");
  if (delaySeconds !== undefined && (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > 900))
    throw refuse(`Value ${delaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`);
  if (!options.fifo) {
    if (dedupe !== undefined) throw refuse("MessageDeduplicationId is for FIFO queues");
    return;
  }
  if (group === undefined) throw new AwsError("MissingParameter", "The request must contain the parameter MessageGroupId.");
  if (dedupe === undefined)
    throw refuse("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly");
  if (delaySeconds) throw refuse("DelaySeconds of a message is not for FIFO queues");
}
