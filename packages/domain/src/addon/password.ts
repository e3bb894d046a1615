import type { Context } from "../context.ts";
import { getAll } from "../query.ts";
import { addonKey, type Place, StoredAddon, sealContext } from "./addon.ts";
import { passwordVariable } from "./contract.ts";

/** An add-on of a release: its contract as it was then, with the name of the variable for the password. */
export interface Given {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** The passwords of a release's add-ons, by the variable that Compose finds each in. For workers: nobody else can open them. */
export async function openPasswords(ctx: Context, place: Place, addons: readonly Given[]): Promise<Record<string, string>> {
  if (addons.length === 0) return {};
  const rows = await getAll(
    ctx,
    addons.map(({ name }) => addonKey(ctx, place, name)),
  );
  const opened = await Promise.all(
    rows.flatMap((row) => {
      if (!row) return [];
      const { name, sealed } = StoredAddon.parse(row);
      return [
        ctx.open(sealed, sealContext(ctx.tenant, place, name)).then((password) => [passwordVariable(name), password] as const),
      ];
    }),
  );
  return Object.fromEntries(opened);
}

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
