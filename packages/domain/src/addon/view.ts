import { getApp, PRODUCTION } from "../app/app.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { get } from "../query.ts";
import { Addon, type AddonView, addonKey, addonsOf, type Place, StoredAddon } from "./addon.ts";
import { contractOf, passwordVariable } from "./contract.ts";
import { volumeOf } from "./fragment.ts";

export const missing = (name: string, { app, environment }: Place) =>
  new Problem("addon.not_found", { detail: `"${app}" (${environment}) has no add-on "${name}".` });

export function viewOf(addon: Addon & Pick<StoredAddon, "aside">, environment: string): AddonView {
  const variables = Object.entries(contractOf(addon)).map(([name, value]) => [
    name,
    value.replaceAll(/\$\{\w+\}/g, `<${passwordVariable(addon.name)}>`),
  ]);
  return {
    ...Addon.parse(addon),
    environment,
    volume: volumeOf(addon),
    ...(addon.aside && { aside: addon.aside }),
    variables: Object.fromEntries(variables),
  };
}

/** By name. @throws Problem app.not_found */
export async function listAddons(ctx: Context, input: { app: string; environment?: string | undefined }): Promise<AddonView[]> {
  allow(ctx, "read", ANY_APP);
  const { environment = PRODUCTION } = input;
  const app = await getApp(ctx, input.app);
  return (await addonsOf(ctx, app, environment)).map((addon) => viewOf(addon, environment));
}

export interface Named {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly addon: string;
}

/** @throws Problem app.not_found, addon.not_found */
export async function getAddon(ctx: Context, input: Named): Promise<AddonView> {
  allow(ctx, "read", ANY_APP);
  const { environment = PRODUCTION } = input;
  const app = await getApp(ctx, input.app);
  return viewOf(await findAddon(ctx, { app: app.name, environment }, input.addon), environment);
}

/** @throws Problem addon.not_found */
export async function findAddon(ctx: Context, place: Place, name: string): Promise<StoredAddon> {
  const found = await get(ctx, addonKey(ctx, place, name));
  const addon = found && StoredAddon.parse(found);
  if (!addon || addon.removedAt !== undefined) throw missing(name, place);
  return addon;
}
