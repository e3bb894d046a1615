import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@berth/api-client/client.ts";
import { type EventQuery, readEvents } from "@berth/api-client/job.ts";
import type { Events } from "@berth/api-client/types.ts";
import { throughOutages, type Waiting } from "../api/outage.ts";
import { refuse } from "../refusal.ts";

/** Seconds the service may hold a question for news: the most it takes. What changed since the version last seen is answered at once. */
const WAIT_SECONDS = 20;
const AGAIN_MS = 3000;
/** Between two questions that brought nothing. */
const AT_LEAST_MS = 100;

export interface Following extends Partial<Waiting> {
  readonly after?: string | undefined;
}

/**
 * A job's events in order, as they come, after a page's `next`, until it has ended. Whatever happens on the way to the service is waited
 * out; only a refusal of its own ends it. Ends without the last page when the signal aborts.
 * @throws Refused cli.unknown when the service could not be reached for too long
 */
export async function* follow(api: Client, job: string, options: Following = {}): AsyncGenerator<Events, void> {
  const { signal } = options;
  const service = throughOutages({ ...options, again: options.again ?? AGAIN_MS });
  let { after } = options;
  // How things stand now is told at once; only then is news waited for.
  let waiting: Pick<EventQuery, "wait" | "seen"> = { wait: 0 };
  for (;;) {
    const asked = Date.now();
    const query = { ...waiting, after };
    const page = await service.ask(
      () => readEvents(api.v1, job, query, signal),
      (why, error) => unknown(job, why, error),
    );
    if (page === undefined) {
      if (signal?.aborted) return;
      continue;
    }
    waiting = { wait: WAIT_SECONDS, seen: page.job.version };
    after = page.next || after;
    yield page;
    if (page.done || signal?.aborted) return;
    // A service that does not hold the question is not asked in a circle.
    if (page.items.length === 0 && Date.now() - asked < 100) await sleep(AT_LEAST_MS);
  }
}

const unknown = (job: string, why: string, cause: unknown) =>
  refuse("cli.unknown", {
    title: "It is not known how the job came out",
    detail: why,
    hint: "Berth could not be reached for a long time. The job goes on by itself.",
    next: [`berth jobs watch ${job}`],
    cause,
  });
