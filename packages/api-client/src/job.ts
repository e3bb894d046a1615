import { body, type Client, segment } from "./client.ts";
import type { Events, Job } from "./types.ts";

export interface EventQuery {
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  /** Seconds the service may hold the answer back for news. */
  readonly wait: number;
  /** The job's version that is known: a newer one is answered at once. */
  readonly seen?: Job["version"] | undefined;
}

/** One page of what a job's runs say. */
export const readEvents = (
  v1: Client["v1"],
  job: string,
  { after, wait, seen }: EventQuery,
  signal?: AbortSignal,
): Promise<Events> =>
  body(
    v1.jobs[":job"].events.$get(
      {
        param: { job: segment(job) },
        query: { wait: String(wait), ...(after !== undefined && { after }), ...(seen !== undefined && { seen: String(seen) }) },
      },
      signal ? { init: { signal } } : {},
    ),
  ) as Promise<Events>;
