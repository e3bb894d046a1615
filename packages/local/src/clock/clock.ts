import { keepJson, readJson } from "../state/file.ts";

/** The cloud's time: this machine's clock and what it was turned ahead by. Kept in the state folder, so that time never runs back. */
export interface CloudClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds ahead of the machine's clock. */
  readonly ahead: () => number;
  /** Turns it on. Whoever waits for a time hears of it. */
  turn(milliseconds: number): void;
  /** Tells of every turn, after it. Answers how to stop. */
  onTurn(listener: (ahead: number) => void): () => void;
  /** Back to the machine's own time. */
  reset(): void;
}

export function createCloudClock(options: { readonly file?: string | undefined; readonly now?: () => number } = {}): CloudClock {
  const { file, now = Date.now } = options;
  const listeners = new Set<(ahead: number) => void>();
  let ahead = Number((file && (readJson(file) as { ahead?: number } | undefined)?.ahead) || 0);
  const set = (to: number) => {
    ahead = to;
    if (file) keepJson(file, { ahead });
    for (const listener of listeners) listener(ahead);
  };
  return {
    now: () => now() + ahead,
    ahead: () => ahead,
    turn: (milliseconds) => {
      if (!Number.isFinite(milliseconds) || milliseconds < 0) throw new Error("time moves forward only");
      set(ahead + Math.floor(milliseconds));
    },
    onTurn: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reset: () => set(0),
  };
}
