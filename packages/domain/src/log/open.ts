import { getAppIn, PRODUCTION } from "../app/app.ts";
import { ANY_APP, allow, type Context, mayUse } from "../context.ts";
import { Problem } from "../error.ts";
import { logReaders, releaseHold, take } from "../held.ts";
import { newId } from "../id.ts";
import { remember } from "../once.ts";
import { limit } from "../rate-limit.ts";
import { findRelease } from "../release/release.ts";
import { commit, insert, updateOne } from "../table.ts";
import { targetNames } from "../target/target.ts";
import { findLog, LogSession, logKey, sessionTtl } from "./log.ts";

export interface LogRequest {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly services?: readonly string[] | undefined;
  readonly tail: number;
  readonly since?: string | undefined;
  readonly follow: boolean;
}

export async function openLogs(ctx: Context, request: LogRequest): Promise<{ id: string; targets: string[] }> {
  allow(ctx, "read", { app: request.app });
  const { app, environment } = await getAppIn(ctx, request.app, request.environment ?? PRODUCTION);
  const ids = Object.keys(environment.live);
  if (ids.length === 0) throw new Problem("app.not_deployed", { detail: `"${app.name}" (${environment.name}) is not deployed.` });
  await limit(ctx, `logs#${ctx.tenant}`, { most: 60, seconds: 60 });
  const services = [...new Set(request.services ?? [])];
  if (services.length > 0) await checkServices(ctx, app, environment, services);
  const targets = await targetNames(ctx, ids);
  const now = ctx.now().toISOString();
  const session: LogSession = {
    id: newId(ctx, "log"),
    app: app.name,
    appId: app.id,
    environment: environment.name,
    targets,
    services,
    tail: request.tail,
    ...(request.since && { since: request.since }),
    follow: request.follow,
    createdAt: now,
    calledAt: now,
  };
  const answer = { id: session.id, targets: targets.map(({ name }) => name) };
  await keepOpen(ctx, session.id);
  await commit(ctx, remember(ctx, answer), insert(ctx, logKey(ctx, session.id), { ...session, ttl: sessionTtl(ctx) }));
  await callWorker(ctx, session.id);
  return answer;
}

/** Logs of an unknown service would look like those of a silent one. */
async function checkServices(
  ctx: Context,
  app: { id: string; name: string },
  { name, live }: { name: string; live: Readonly<Record<string, number>> },
  services: readonly string[],
): Promise<void> {
  const numbers = [...new Set(Object.values(live))];
  const releases = await Promise.all(numbers.map((number) => findRelease(ctx, app.id, name, number)));
  const names = [...new Set(releases.flatMap((release) => release.services.map((each) => each.name)))].sort();
  const unknown = services.find((service) => !names.includes(service));
  if (unknown !== undefined)
    throw new Problem("input.invalid", {
      detail: `services: "${app.name}" has no service "${unknown}". It has: ${names.join(", ")}.`,
    });
}

export async function keepOpen(ctx: Context, id: string): Promise<void> {
  const hold = await take(ctx, logReaders, id);
  if ("freeInSeconds" in hold)
    throw new Problem("log.too_many", {
      detail: `This account reads logs in ${logReaders.most} places already. Close one, or try again in ${hold.freeInSeconds} seconds.`,
      facts: { retryAfter: hold.freeInSeconds },
    });
}

export const callWorker = (ctx: Context, id: string): Promise<void> =>
  ctx.send("jobs", { tenant: ctx.tenant, log: id }, { group: ctx.tenant });

/** @throws Problem log.not_found, also if the credential is limited to another app */
export async function getLog(ctx: Context, id: string): Promise<LogSession> {
  allow(ctx, "read", ANY_APP);
  const session = (await findLog(ctx, id, { consistent: false })) ?? (await findLog(ctx, id));
  if (!session || !mayUse(ctx, session)) throw missing(id);
  return session;
}

const missing = (id: string) => new Problem("log.not_found", { detail: `There is no log session ${id}.` });

/** Idempotent. The session counts until its worker has stopped, some seconds later. */
export async function closeLogs(ctx: Context, id: string): Promise<void> {
  allow(ctx, "read", ANY_APP);
  const session = await getLog(ctx, id);
  const closed = await updateOne(
    ctx,
    logKey(ctx, session.id),
    { change: "SET closed = :true", condition: "attribute_exists(pk)", values: { ":true": true } },
    missing(id),
  );
  const { turn } = LogSession.parse(closed);
  if (!turn || turn.until <= ctx.now().toISOString()) await releaseHold(ctx, logReaders, session.id);
}
