import { limit } from "../auth/rate.ts";
import { allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { listEvents } from "../job/event.ts";
import { ended, enqueue, type Job, ring } from "../job/job.ts";
import { commit, getAll } from "../table.ts";
import { targetKey } from "../target/target.ts";
import { getAppIn, PRODUCTION } from "./app.ts";

export interface LogLine {
  readonly at: string;
  readonly target: string;
  readonly service: string;
  readonly text: string;
}

/** The last lines of an app's containers, read from its servers now, as each server answers. Waits up to 20 seconds. */
export async function readLogs(
  ctx: Context,
  input: {
    app: string;
    environment?: string | undefined;
    service?: string | undefined;
    tail: number;
    since?: string | undefined;
  },
): Promise<{ items: LogLine[]; failed: { target: string; message: string }[] }> {
  allow(ctx, "read", { app: input.app });
  const { app, environment } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
  const targets = Object.keys(environment.live);
  if (targets.length === 0)
    throw new Problem("app.not_deployed", { detail: `"${app.name}" (${environment.name}) is not deployed.` });
  await limit(ctx, `logs#${ctx.tenant}`, { most: 120, seconds: 60 });
  const rows = await getAll(
    ctx,
    targets.map((id) => targetKey(ctx, id)),
  );
  const job: Job = {
    id: newId(ctx, "job"),
    kind: "logs",
    status: "queued",
    app: app.name,
    appId: app.id,
    environment: environment.name,
    input: {
      tail: String(input.tail),
      ...(input.service && { service: input.service }),
      ...(input.since && { since: input.since }),
    },
    rollouts: Object.fromEntries(
      targets.map((id, i) => [id, { target: id, name: String(rows[i]?.name ?? id), status: "queued", attempts: 0 }]),
    ),
    by: { kind: ctx.actor.kind, id: ctx.actor.id },
    createdAt: ctx.now().toISOString(),
    version: 1,
  };
  await commit(ctx, enqueue(ctx, job));
  await ring(ctx, job);
  return collect(ctx, job);
}

async function collect(ctx: Context, job: Job) {
  const items: LogLine[] = [];
  const until = ctx.now().getTime() + 20_000;
  for (let after: string | undefined; ; ) {
    const page = await listEvents(ctx, { job: job.id, after, waitSeconds: 5 });
    after = page.next;
    for (const event of page.items)
      if (event.type === "log")
        items.push({ at: event.at, target: event.name, service: event.service ?? "", text: event.text ?? "" });
    if (page.done) {
      const failed = Object.values(page.job.rollouts).filter((rollout) => rollout.status === "failed");
      return { items, failed: failed.map(({ name, failure }) => ({ target: name, message: failure?.message ?? "" })) };
    }
    if (ctx.now().getTime() > until && !ended(page.job)) throw new Problem("server.slow");
  }
}
