import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { Who } from "../audit/who.ts";
import type { Context } from "../context.ts";
import { erase } from "../erase.ts";
import { Problem } from "../error.ts";
import { get, getAll } from "../query.ts";
import { type Bundle, openBundle, Release, sealBundle } from "../release/release.ts";
import { insert, key, put, ttlIn, type Write } from "../table.ts";
import { TargetPlan } from "./plan.ts";

/**
 * A plan is kept for a day: its row, what would happen on each target, and, while servers are asked, the bundle it is made for. Only
 * names are kept, never a value.
 */
const KEEP_SECONDS = 86_400;
const BUNDLE_SECONDS = 3600;

export const StoredPlan = z.object({
  id: z.string(),
  app: z.string(),
  appId: z.string(),
  environment: z.string(),
  /** The number that the release would have. */
  release: z.number().int(),
  services: Release.shape.services,
  bundle: z.string(),
  variables: Release.shape.variables,
  targets: z.array(z.object({ id: z.string(), name: z.string() })),
  /** The id of the target that builds for the others. */
  builder: z.string().optional(),
  /** The release that was live on each. */
  live: z.record(z.string(), z.number().int()).default({}),
  job: z.string(),
  by: Who,
  createdAt: z.iso.datetime(),
});
export type StoredPlan = z.infer<typeof StoredPlan>;

type Owner = Pick<StoredPlan, "appId" | "id">;
const planKey = (ctx: Context, { appId, id }: Owner) => key(ctx, `PLAN#${appId}#${id}`);
const bundleKey = (ctx: Context, { appId, id }: Owner) => key(ctx, `PLANBUNDLE#${appId}#${id}`);
const targetPlanKey = (ctx: Context, { appId, id }: Owner, target: string) => key(ctx, `PLANTARGET#${appId}#${id}#${target}`);
const hashKey = (ctx: Context, appId: string, hash: string) => key(ctx, `PLANHASH#${appId}#${hash}`);

const bundleOf = ({ appId, environment, id }: Owner & Pick<StoredPlan, "environment">) => ({ app: appId, environment, plan: id });

/** `packed`: what `pack` of release/release.ts made of its bundle. */
export async function insertPlan(ctx: Context, plan: StoredPlan, packed: Uint8Array): Promise<Write[]> {
  const data = await sealBundle(ctx, bundleOf(plan), packed);
  return [
    insert(ctx, planKey(ctx, plan), { ...plan, ttl: ttlIn(ctx, KEEP_SECONDS) }),
    insert(ctx, bundleKey(ctx, plan), { data, ttl: ttlIn(ctx, BUNDLE_SECONDS) }),
  ];
}

const missing = (id: string) =>
  new Problem("plan.not_found", { detail: `There is no plan ${id} of this app; a plan is kept for a day.` });

/** @throws Problem plan.not_found */
export async function findPlan(ctx: Context, of: Owner): Promise<StoredPlan> {
  const found = await get(ctx, planKey(ctx, of));
  if (!found) throw missing(of.id);
  return StoredPlan.parse(found);
}

/** @throws Problem plan.not_found */
export async function findPlanByHash(ctx: Context, appId: string, hash: string): Promise<StoredPlan> {
  const found = await get(ctx, hashKey(ctx, appId, hash));
  if (!found) throw missing(hash);
  return findPlan(ctx, { appId, id: String(found.plan) });
}

/** Undefined when it is no longer kept. */
export async function bundleOfPlan(ctx: Context, plan: StoredPlan): Promise<Bundle | undefined> {
  const found = await get(ctx, bundleKey(ctx, plan));
  return found && openBundle(ctx, bundleOf(plan), found.data as Uint8Array);
}

/**
 * The servers have been asked: the bundle goes, which holds values and is needed no more, and a plan that is whole is named by its hash
 * from then on. The same is often planned twice: the later one has the name.
 */
export const endPlan = (ctx: Context, plan: Owner, hash: string | undefined): Write[] => [
  erase(ctx, bundleKey(ctx, plan)),
  ...(hash === undefined ? [] : [put(ctx, hashKey(ctx, plan.appId, hash), { plan: plan.id, ttl: ttlIn(ctx, KEEP_SECONDS) })]),
];

export const keepTargetPlan = (ctx: Context, plan: Owner, target: string, targetPlan: TargetPlan): Write =>
  put(ctx, targetPlanKey(ctx, plan, target), {
    data: gzipSync(JSON.stringify(targetPlan)),
    ttl: ttlIn(ctx, KEEP_SECONDS),
  });

export async function findTargetPlan(ctx: Context, plan: Owner, target: string): Promise<TargetPlan | undefined> {
  const row = await get(ctx, targetPlanKey(ctx, plan, target));
  return row && unpack(row.data as Uint8Array);
}

/** By target, as far as the servers have been asked. */
export async function targetPlansOf(ctx: Context, plan: StoredPlan): Promise<Map<string, TargetPlan>> {
  const rows = await getAll(
    ctx,
    plan.targets.map(({ id }) => targetPlanKey(ctx, plan, id)),
  );
  return new Map(
    rows.flatMap((row, at) => {
      const target = plan.targets[at];
      const kept = row && unpack(row.data as Uint8Array);
      return kept && target ? [[target.id, kept] as const] : [];
    }),
  );
}

/** Undefined for one that an older version made: it is not kept any more. */
const unpack = (data: Uint8Array) => TargetPlan.safeParse(JSON.parse(gunzipSync(data).toString("utf8"))).data;
