import { body, type Client, segment } from "@berth/api-client/client.ts";
import { pause } from "@berth/api-client/retry.ts";
import type { LogPage } from "@berth/api-client/types.ts";
import { throughOutages, type Waiting } from "../api/outage.ts";
import { Refused } from "../refusal.ts";

/** Seconds the service may hold a question for lines: the most it takes. */
const WAIT_SECONDS = 15;
const AGAIN_MS = 2000;
/** Lines come in batches of a second: to ask more often brings none sooner. */
const AT_LEAST_MS = 900;
const CLOSE_MS = 2000;

export interface Following extends Partial<Waiting> {
  readonly signal: AbortSignal;
}

/**
 * What a session of reading says, page after page, until it ends or the signal aborts. Whatever happens on the way to the service is waited out:
 * the next page begins where the last one ended.
 * @throws Refused what the service refuses, and what was in the way for too long
 */
export async function* follow(api: Client, log: string, following: Following): AsyncGenerator<LogPage, void> {
  const { signal } = following;
  const service = throughOutages({ ...following, again: following.again ?? AGAIN_MS });
  let after = 0;
  while (!signal.aborted) {
    const asked = Date.now();
    const query = { after: String(after), wait: String(WAIT_SECONDS) };
    const page: LogPage | undefined = await service.ask(
      () => body(api.v1.logs[":log"].$get({ param: { log: segment(log) }, query }, { init: { signal } })),
      (_, error) => error,
    );
    if (page === undefined) continue;
    after = page.next;
    yield page;
    if (page.ended) return;
    const soon = AT_LEAST_MS - (Date.now() - asked);
    if (soon > 0) await pause(soon, signal);
  }
}

/** Ends the session, so that the servers have rest at once. Left alone it ends by itself. */
export async function close(api: Client, log: string): Promise<void> {
  try {
    await api.v1.logs[":log"].$delete({ param: { log: segment(log) } }, { init: { signal: AbortSignal.timeout(CLOSE_MS) } });
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Error && ["TimeoutError", "AbortError"].includes(error.name)))
      throw error;
  }
}
