import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import type { Context } from "../context.ts";
import { getAll } from "../query.ts";
import { Containers } from "../remote/container.ts";
import { key, type Row, tryUpdate, ttlIn } from "../table.ts";
import { judge, SeenContainer, type State } from "./state.ts";

/** What was last seen of an app's containers on one target, when, and why a later attempt failed. Reading it contacts no server. */
export interface AppOnTarget {
  readonly app: string;
  /** Part of the key, so a new app under a removed app's name starts without a record. */
  readonly appId: string;
  readonly environment: string;
  readonly target: string;
}

export const NotSeen = z.object({
  at: z.iso.datetime(),
  class: z.string(),
  message: z.string(),
});
export type NotSeen = z.infer<typeof NotSeen>;

export const Seen = z.object({
  at: z.iso.datetime(),
  containers: z.array(SeenContainer),
  missing: z.array(z.string()),
  more: z.number().int(),
});
export type Seen = z.infer<typeof Seen>;

/** A request that a worker is to answer or is answering; concurrent callers share it. */
const Inspection = z.object({ id: z.string(), until: z.iso.datetime(), begun: z.boolean() });

export const StoredSeen = z.object({
  seenAt: z.iso.datetime().optional(),
  found: z.instanceof(Uint8Array).optional(),
  /** Services that ran when the release went live. */
  ran: z.array(z.string()).optional(),
  problem: NotSeen.optional(),
  inspection: Inspection.optional(),
});
export type StoredSeen = z.infer<typeof StoredSeen>;

export const KEEP_SECONDS = 30 * 86_400;

export const seenKey = (ctx: Pick<Context, "tenant">, { appId, environment, target }: Omit<AppOnTarget, "app">) =>
  key(ctx, `SEEN#${appId}#${environment}#${target}`);

/** Eventually consistent by default: nothing is decided by it. */
export async function getSeen(
  ctx: Context,
  apps: readonly Omit<AppOnTarget, "app">[],
  { consistent = false } = {},
): Promise<(StoredSeen | undefined)[]> {
  const keys = apps.map((where) => seenKey(ctx, where));
  return (await getAll(ctx, keys, { consistent })).map((row) => row && StoredSeen.parse(row));
}

const pack = (found: Containers) => deflateRawSync(JSON.stringify(found));
const unpack = (found: Uint8Array) => Containers.parse(JSON.parse(inflateRawSync(found).toString("utf8")));

export function readSeen(stored: StoredSeen | undefined): { state: State; seen: Seen | null; problem: NotSeen | null } {
  const problem = stored?.problem ?? null;
  if (!stored?.found || !stored.seenAt) return { state: "unknown", seen: null, problem };
  const found = unpack(stored.found);
  const { state, containers, missing } = judge(found, stored.ran);
  return { state: problem ? "unknown" : state, seen: { at: stored.seenAt, containers, missing, more: found.more }, problem };
}

/** `live`: a release has just gone live or was restored, so what runs now is what should run. */
export async function keepSeen(ctx: Context, where: AppOnTarget, found: Containers, { live }: { live: boolean }): Promise<void> {
  const runs = found.items.filter(({ state }) => state === "running").map(({ service }) => service);
  await change(
    ctx,
    where,
    `SET seenAt = :at, #found = :found, #ttl = :ttl${live ? ", ran = :ran" : ""} REMOVE #problem, inspection`,
    { ":found": pack(found), ...(live && { ":ran": [...new Set(runs)] }) },
  );
}

export const keepNotSeen = (ctx: Context, where: AppOnTarget, problem: Omit<NotSeen, "at">): Promise<void> =>
  change(ctx, where, "SET #problem = :problem, #ttl = :ttl REMOVE inspection", {
    ":problem": { at: ctx.now().toISOString(), ...problem },
  });

async function change(ctx: Context, where: AppOnTarget, set: string, values: Row): Promise<void> {
  const all = { ...values, ":at": ctx.now().toISOString(), ":ttl": ttlIn(ctx, KEEP_SECONDS) };
  await tryUpdate(ctx, seenKey(ctx, where), {
    change: set,
    condition: "attribute_not_exists(seenAt) OR seenAt <= :at",
    values: all,
  });
}
