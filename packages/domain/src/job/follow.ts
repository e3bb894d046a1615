import { ANY_APP, allow, type Context } from "../context.ts";
import { streams, take, tooMany } from "../held.ts";
import { type EventPage, listEvents } from "./event.ts";
import { getJob } from "./job.ts";

/** A stream ends after this long and the client asks again from where it was: shorter than any gateway's patience. */
const STREAM_SECONDS = 25;
/** Between two pages where nothing happens: who has gone away is noticed when the next is given. */
const PAGE_SECONDS = 5;

interface Following {
  readonly job: string;
  readonly after?: string | undefined;
  readonly seen?: number | undefined;
}

/**
 * A job's events in pages as they come, until it has ended or the stream has lasted long enough. It counts among the tenant's streams from now
 * until the reader is done with it.
 */
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
