import { passes, pause } from "@berth/api-client/retry.ts";
import { Refused } from "../refusal.ts";

/** What goes on without us is waited for through a lost network for this long. */
const LOST_MS = 10 * 60_000;
/** A question that took longer was asked by a machine that slept meanwhile, which says nothing of the network. */
const QUESTION_MS = 60_000;

export interface Waiting {
  readonly signal?: AbortSignal | undefined;
  /** Told when the service cannot be reached for a while. */
  readonly onLost?: ((why: string) => void) | undefined;
  readonly onFound?: (() => void) | undefined;
  /** Milliseconds: see LOST_MS, and the pause before the same is asked again. */
  readonly lost?: number | undefined;
  readonly again: number;
}

/** Asks a service that goes away and comes back, one question after the other. */
export function throughOutages({ signal, onLost, onFound, lost: most = LOST_MS, again }: Waiting) {
  let lost = 0;
  return {
    /**
     * The answer; nothing when the service could not be reached and is to be asked again, or when the signal aborts.
     * @throws Refused what the service refuses, and what `given` makes of an outage that is too long
     */
    async ask<T>(question: () => Promise<T>, given: (why: string, error: Refused) => Error): Promise<T | undefined> {
      const asked = Date.now();
      try {
        const answer = await question();
        if (lost > 0) onFound?.();
        lost = 0;
        return answer;
      } catch (error) {
        if (signal?.aborted) return undefined;
        if (!(error instanceof Refused) || !isOutage(error)) throw error;
        const wait = Math.max(again, Math.min(error.after ?? 0, QUESTION_MS));
        lost += Math.min(Date.now() - asked, QUESTION_MS) + wait;
        const why = error.problem.detail ?? error.problem.title;
        if (lost > most) throw given(why, error);
        onLost?.(why);
        await pause(wait, signal);
        return undefined;
      }
    },
  };
}

const ways = new Set(["cli.unreachable", "cli.unexpected", "cli.unknown"]);

/** What stands between us and the service, or its own trouble; not that it refuses us. */
const isOutage = ({ problem }: Refused) => ways.has(problem.code) || passes(problem);
