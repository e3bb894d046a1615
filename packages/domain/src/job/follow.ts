import { ANY_APP, allow, type Context } from "../context.ts";
import { streams, take, tooMany } from "../held.ts";
import { type EventPage, listEvents } from "./event.ts";
import { getJob } from "./job.ts";

/** Shorter than any gateway's timeout. The client then reconnects with its cursor. */
const STREAM_SECONDS = 25;
/** Between pages without events: a client that has gone away is noticed at the next page. */
const PAGE_SECONDS = 5;

interface Following {
  readonly job: string;
  readonly after?: string | undefined;
  readonly seen?: number | undefined;
}

/** Pages until the job or the stream ends. Counts as one of the tenant's streams until the reader is done. */
export async function followJob(ctx: Context, input: Following): Promise<AsyncGenerator<EventPage, void>> {
  allow(ctx, "read", ANY_APP);
  await getJob(ctx, input.job);
  const hold = await take(ctx, streams);
  if ("freeInSeconds" in hold) throw tooMany(streams, hold.freeInSeconds);
  return pages(ctx, input, hold.release);
}

async function* pages(
  ctx: Context,
  { job, after, seen }: Following,
  release: () => Promise<void>,
): AsyncGenerator<EventPage, void> {
  const until = ctx.now().getTime() + STREAM_SECONDS * 1000;
  try {
    for (let cursor = after, version = seen; ; ) {
      const page = await listEvents(ctx, { job, after: cursor, seen: version, waitSeconds: PAGE_SECONDS, held: true });
      yield page;
      if (page.done || ctx.now().getTime() >= until) return;
      cursor = page.next;
      version = page.job.version;
    }
  } finally {
    await release();
  }
}
