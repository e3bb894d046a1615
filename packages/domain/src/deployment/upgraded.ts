import { addonKey, StoredAddon } from "../addon/addon.ts";
import { volumeOf } from "../addon/fragment.ts";
import type { Context } from "../context.ts";
import type { JobOf } from "../job/kind.ts";
import { get, getAll } from "../query.ts";
import { findRelease } from "../release/release.ts";
import { assign, update, type Write } from "../table.ts";

/** How long the volume is kept that an upgrade leaves. */
export const ASIDE_HOURS = 72;
const ASIDE_MOST = 5;

interface Deployed {
  readonly app: string;
  readonly appId: string;
  readonly environment: string;
  readonly release: number;
}

/** From now on an add-on is what the release has that upgraded it: nothing for a deployment that upgraded none. */
export async function upgraded(
  ctx: Context,
  job: JobOf<Deployed>,
  input: { upgrade?: string | undefined; leaves?: string | undefined } = {},
): Promise<Write[]> {
  if (input.upgrade === undefined) return [];
  const at = addonKey(ctx, job, input.upgrade);
  const [row, { addons = [] }] = await Promise.all([get(ctx, at), findRelease(ctx, job.appId, job.environment, job.release)]);
  const now = addons.find(({ name }) => name === input.upgrade);
  if (!row || !now) return [];
  const was = StoredAddon.parse(row);
  const left = input.leaves === undefined ? [] : [{ volume: input.leaves, version: was.version, until: untilOf(ctx) }];
  const { change, values } = assign({
    version: now.version,
    image: now.image,
    ...(left.length > 0 && { volume: volumeOf(now), aside: [...(was.aside ?? []), ...left].slice(-ASIDE_MOST) }),
  });
  const counted = change.replace("SET ", "SET changes = changes + :one, ");
  return [update(ctx, at, { change: counted, condition: "attribute_exists(pk)", values: { ...values, ":one": 1 } })];
}

/** A volume that was set aside and is used again, by a release that somebody went back to, is nothing that a later deployment may remove. */
export async function usedAgain(
  ctx: Context,
  job: JobOf<Deployed> & { readonly rollback?: boolean | undefined },
): Promise<Write[]> {
  if (!job.rollback) return [];
  const { addons = [] } = await findRelease(ctx, job.appId, job.environment, job.release);
  if (addons.length === 0) return [];
  const used = new Set(addons.map(volumeOf));
  const rows = await getAll(
    ctx,
    addons.map(({ name }) => addonKey(ctx, job, name)),
  );
  return rows.flatMap((row) => {
    const { name, aside = [] } = row ? StoredAddon.parse(row) : { name: "", aside: [] };
    const left = aside.filter(({ volume }) => !used.has(volume));
    if (left.length === aside.length) return [];
    const { change, values } = assign({ aside: left });
    return [update(ctx, addonKey(ctx, job, name), { change, condition: "attribute_exists(pk)", values })];
  });
}

const untilOf = (ctx: Context) => new Date(ctx.now().getTime() + ASIDE_HOURS * 3_600_000).toISOString();
