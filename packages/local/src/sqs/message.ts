import { createHash } from "node:crypto";

export const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** A message as a queue holds it. Times are the cloud's milliseconds. */
export interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  readonly sequence: number;
  readonly group?: string;
  readonly dedupe?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  visibleAt: number;
  receives: number;
  firstReceivedAt?: number;
  /** Of the last receive; earlier ones no longer delete. */
  receipt?: string;
  /** The queue it came from, for one in dead letters. */
  from?: string;
}

export interface QueueOptions {
  readonly name: string;
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  /** Where a message goes that was received so often without being deleted. */
  readonly deadLetters?: { readonly queue: string; readonly receives: number };
  readonly retentionSeconds?: number;
}

export interface NewMessage {
  readonly body: string;
  readonly delaySeconds?: number | undefined;
  readonly group?: string | undefined;
  readonly dedupe?: string | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}
