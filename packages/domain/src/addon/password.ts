import type { Context } from "../context.ts";
import { getAll } from "../query.ts";
import { addonKey, type Place, StoredAddon, sealContext } from "./addon.ts";
import { passwordVariable } from "./contract.ts";

/** An add-on of a release: its contract as it was then, with the name of the variable for the password. */
export interface Given {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
}

interface Opened {
  /** By the variable that Compose finds each in. */
  readonly passwords: Readonly<Record<string, string>>;
  /** The volumes that upgrades have left, and that nobody keeps any more. */
  readonly lapsed: readonly string[];
}

/** What a run has of a release's add-ons. For workers: nobody else can open passwords. */
export async function openAddons(ctx: Context, place: Place, addons: readonly Given[]): Promise<Opened> {
  if (addons.length === 0) return { passwords: {}, lapsed: [] };
  const found = await getAll(
    ctx,
    addons.map(({ name }) => addonKey(ctx, place, name)),
  );
  const rows = found.flatMap((row) => (row ? [StoredAddon.parse(row)] : []));
  const opened = rows.map(async ({ name, sealed }) => {
    const password = await ctx.open(sealed, sealContext(ctx.tenant, place, name));
    return [passwordVariable(name), password] as const;
  });
  const now = ctx.now().toISOString();
  const aside = rows.flatMap((row) => row.aside ?? []);
  return {
    passwords: Object.fromEntries(await Promise.all(opened)),
    lapsed: aside.filter(({ until }) => until < now).map(({ volume }) => volume),
  };
}

export const openPasswords = async (ctx: Context, place: Place, addons: readonly Given[]): Promise<Opened["passwords"]> =>
  (await openAddons(ctx, place, addons)).passwords;

/** What Compose finds besides the variables of the project: the passwords, and the contracts that it may name. */
export const variablesWith = (passwords: Readonly<Record<string, string>>, addons: readonly Given[]): Record<string, string> => ({
  ...Object.fromEntries(
    addons.flatMap(({ variables }) =>
      Object.entries(variables).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{(\w+)\}/g, (_, of: string) => passwords[of] ?? ""),
      ]),
    ),
  ),
  ...passwords,
});
