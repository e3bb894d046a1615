import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { Containers } from "../remote/container.ts";
import { getAll, key, type Row, touch, ttlIn } from "../table.ts";
import { judge, SeenContainer, type State } from "./state.ts";

/**
 * What was last seen of an app's containers on one target, by a run that had just changed them or because somebody asked. A row for each app,
 * environment and target; reading it asks no server. It says when that was, and why a later attempt failed.
 */
export interface Place {
  readonly app: string;
  /** Part of the key: of an app that was made again under the name of one that was removed, nothing has been seen. */
  readonly appId: string;
  readonly environment: string;
  readonly target: string;
}

/** Why the last attempt saw nothing. */
export const NotSeen = z.object({
  at: z.iso.datetime(),
  class: z.string(),
  message: z.string(),
});
export type NotSeen = z.infer<typeof NotSeen>;

export const Seen = z.object({
  at: z.iso.datetime(),
  containers: z.array(SeenContainer),
  /** Services that should run and have no container. */
  missing: z.array(z.string()),
  /** Containers beside those listed. */
  more: z.number().int(),
});
export type Seen = z.infer<typeof Seen>;

/** A question that a worker is to put to the server, or is putting: everybody who asks meanwhile shares it. */
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

/** What was seen longer ago says nothing any more. */
export const KEEP_SECONDS = 30 * 86_400;

export const seenKey = (ctx: Pick<Context, "tenant">, { appId, environment, target }: Omit<Place, "app">) =>
  key(ctx, `SEEN#${appId}#${environment}#${target}`);

/** In the order asked; unless told otherwise at half the price, for nothing is decided by it. */
export async function getSeen(
  ctx: Context,
  places: readonly Omit<Place, "app">[],
  { consistent = false } = {},
): Promise<(StoredSeen | undefined)[]> {
  const keys = places.map((place) => seenKey(ctx, place));
  return (await getAll(ctx, keys, { consistent })).map((row) => row && StoredSeen.parse(row));
}

const pack = (found: Containers) => deflateRawSync(JSON.stringify(found));
const unpack = (found: Uint8Array) => Containers.parse(JSON.parse(inflateRawSync(found).toString("utf8")));

/** What was seen last, and how the app is there by it: unknown when a later attempt saw nothing. */
export function readSeen(stored: StoredSeen | undefined): { state: State; seen: Seen | null; problem: NotSeen | null } {
  const problem = stored?.problem ?? null;
  if (!stored?.found || !stored.seenAt) return { state: "unknown", seen: null, problem };
  const found = unpack(stored.found);
  const { state, containers, missing } = judge(found, stored.ran);
  return { state: problem ? "unknown" : state, seen: { at: stored.seenAt, containers, missing, more: found.more }, problem };
}

/** Something newer is known already. */
const older = new Problem("version.stale");

/** Keeps what was seen. `live`: a release has just gone live, or is back, so that what runs now is what should run. */
export async function keepSeen(ctx: Context, place: Place, found: Containers, { live }: { live: boolean }): Promise<void> {
  const runs = found.items.filter(({ state }) => state === "running").map(({ service }) => service);
  await change(
    ctx,
    place,
    `SET seenAt = :at, #found = :found, #ttl = :ttl${live ? ", ran = :ran" : ""} REMOVE #problem, inspection`,
    { ":found": pack(found), ...(live && { ":ran": [...new Set(runs)] }) },
  );
}

/** Keeps why nothing was seen, beside what was seen before. */
export const keepNotSeen = (ctx: Context, place: Place, problem: Omit<NotSeen, "at">): Promise<void> =>
  change(ctx, place, "SET #problem = :problem, #ttl = :ttl REMOVE inspection", {
    ":problem": { at: ctx.now().toISOString(), ...problem },
  });

async function change(ctx: Context, place: Place, set: string, values: Row): Promise<void> {
  const all = { ...values, ":at": ctx.now().toISOString(), ":ttl": ttlIn(ctx, KEEP_SECONDS) };
  try {
    await touch(
      ctx,
      seenKey(ctx, place),
      { change: set, condition: "attribute_not_exists(seenAt) OR seenAt <= :at", values: all },
      older,
    );
  } catch (error) {
    if (error !== older) throw error;
  }
}
