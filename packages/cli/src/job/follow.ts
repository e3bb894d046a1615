import { setTimeout as sleep } from "node:timers/promises";
import { body, type Client, segment } from "../api/client.ts";
import type { Events } from "../api/types.ts";
import { Refused } from "../refusal.ts";

/** Seconds the service may hold a question for news: the most it takes. What changed since the version last seen is answered at once. */
const WAIT_SECONDS = 20;
/** The job goes on without us, so a lost network is waited out for this long. */
const LOST_MS = 10 * 60_000;
const AGAIN_MS = 3000;
/** Between two questions that brought nothing. */
const AT_LEAST_MS = 100;

/**
 * A job's events in order, as they come, after a page's `next`, until it has ended. `onLost` is told when the service cannot be reached for a while.
 * Ends without the last page when the signal aborts.
 */
export async function* follow(
  api: Client,
  job: string,
  options: { readonly signal?: AbortSignal; readonly after?: string | undefined; readonly onLost?: (why: string) => void } = {},
): AsyncGenerator<Events, void> {
  const { signal, onLost } = options;
  let { after } = options;
  let lostAt: number | undefined;
  // How things stand now is told at once; only then is news waited for.
  let waiting: { readonly wait: string; readonly seen?: string } = { wait: "0" };
  for (;;) {
    const asked = Date.now();
    let page: Events;
    try {
      page = (await body(
        api.v1.jobs[":job"].events.$get(
          { param: { job: segment(job) }, query: { ...waiting, ...(after !== undefined && { after }) } },
          signal ? { init: { signal } } : {},
        ),
      )) as Events;
    } catch (error) {
      if (signal?.aborted) return;
      const passing = error instanceof Refused && ["cli.unreachable", "service.busy"].includes(error.problem.code);
      lostAt ??= asked;
      if (!passing || Date.now() - lostAt > LOST_MS) throw error;
      onLost?.(error.problem.detail ?? error.problem.title);
      await Promise.race([sleep(AGAIN_MS), aborted(signal)]);
      continue;
    }
    lostAt = undefined;
    waiting = { wait: String(WAIT_SECONDS), seen: String(page.job.version) };
    after = page.next || after;
    yield page;
    if (page.done || signal?.aborted) return;
    // A service that does not hold the question is not asked in a circle.
    if (page.items.length === 0 && Date.now() - asked < 100) await sleep(AT_LEAST_MS);
  }
}

const aborted = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
