import { Chosen, type StoredAddon } from "../addon/addon.ts";
import { type Kind, kinds } from "../addon/catalogue.ts";
import { volumeOf } from "../addon/fragment.ts";
import { kindTitles } from "../addon/kind.ts";
import { isImageOf } from "../addon/set.ts";
import { findAddon, type Named } from "../addon/view.ts";
import type { PlacedTarget } from "../app/placement.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import type { Job } from "../job/job.ts";
import type { Release } from "../release/release.ts";
import { deployAnew } from "./anew.ts";

interface Input extends Named {
  /** That it has, by default: it then gets the newest image of it, and keeps its volume. */
  readonly version?: string | undefined;
  /** Of that version, instead of its maker's. */
  readonly image?: string | undefined;
}

/**
 * Deploys what is live with another version of an add-on. Its data goes into a new volume, and the old one is set aside; the add-on is the new one
 * once the deployment has succeeded, and the old one until then.
 * @throws Problem addon.not_found, addon.not_live, addon.several, input.invalid
 */
export const upgradeAddon = (ctx: Context, input: Input): Promise<Job> =>
  deployAnew(ctx, input, async ({ app, environment, placed, live }) => {
    const addon = await findAddon(ctx, { app: app.name, environment: environment.name }, input.addon);
    const { version = addon.version } = input;
    checkVersion(addon, version);
    const image = imageFor(addon, { ...input, version });
    assertLive(addon, live);
    const moves = version !== addon.version;
    if (moves) assertAlone(addon, placed);
    const volume = moves ? `${addon.name}-data-r${environment.releases + 1}` : addon.volume;
    const { image: _, volume: __, ...chosen } = Chosen.parse(addon);
    const next: Chosen = { ...chosen, version, ...(image !== undefined && { image }), ...(volume !== undefined && { volume }) };
    return {
      variables: live.variables,
      addons: (live.addons ?? []).map((each) => (each.name === addon.name ? next : each)),
      input: { fresh: addon.name, upgrade: addon.name, ...(moves && { leaves: volumeOf(addon) }) },
    };
  });

/** @throws Problem input.invalid */
function checkVersion({ name, kind, version: now }: StoredAddon, version: string): void {
  const versions: Kind["versions"] = kinds[kind].versions;
  const [was, will] = [versions.indexOf(now), versions.indexOf(version)];
  if (will === -1)
    throw new Problem("input.invalid", {
      detail: `There is no ${kindTitles[kind]} ${version}. There are ${versions.join(", ")}.`,
    });
  if (will < was)
    throw new Problem("input.invalid", {
      detail: `"${name}" is ${kindTitles[kind]} ${now}, and an older version does not read its data.`,
    });
}

/** Its own image is of one version: another one needs another. @throws Problem input.invalid */
function imageFor({ name, kind, version, image }: StoredAddon, asked: Input & { readonly version: string }): string | undefined {
  const chosen = asked.image ?? image;
  if (chosen === undefined || isImageOf({ kind, version: asked.version }, chosen)) return chosen;
  throw new Problem("input.invalid", {
    detail:
      asked.image === undefined
        ? `"${name}" has the image ${image} for version ${version}. Name the one for ${kindTitles[kind]} ${asked.version} too.`
        : `"${asked.image.slice(0, 200)}" is no image of ${kindTitles[kind]} ${asked.version}: its tag begins with another version, or there is none.`,
  });
}

function assertLive({ name, kind, version, volume }: StoredAddon, { addons = [] }: Release): void {
  const found = addons.find((each) => each.name === name);
  if (found?.kind === kind && found.version === version && found.volume === volume) return;
  throw new Problem("addon.not_live", {
    detail: found
      ? `What is live has ${kindTitles[found.kind]} ${found.version} as "${name}".`
      : `What is live has no "${name}".`,
  });
}

/** Where one server had moved and another had not, its data would be of two versions. */
function assertAlone({ name }: StoredAddon, placed: readonly PlacedTarget[]): void {
  if (placed.length === 1) return;
  throw new Problem("addon.several", {
    detail: `"${name}" is on ${placed.length} servers, with other data on each: ${placed.map((each) => each.name).join(", ")}.`,
  });
}
