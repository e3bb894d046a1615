import { type Kind, kinds, type Part } from "./catalogue.ts";
import type { KindName } from "./kind.ts";

/** A variable of Compose, which has the password while a run lasts. */
export const passwordVariable = (addon: string): string => `BERTH_ADDON_${upper(addon)}_PASSWORD`;

const upper = (name: string) => name.toUpperCase().replaceAll("-", "_");

/** The contract's variables with their values as Compose reads them: the password is a variable in them. */
export function contractOf({ kind, name }: { kind: KindName; name: string }): Record<string, string> {
  const { contract, scheme, port, user, database }: Kind = kinds[kind];
  const password = `\${${passwordVariable(name)}}`;
  const values: Readonly<Record<Part, string>> = {
    url: `${scheme}://${user}:${password}@${name}:${port}${database === undefined ? "" : `/${database}`}`,
    host: name,
    port: String(port),
    user,
    password,
    database: database ?? "",
  };
  const parts = Object.entries(contract) as [Part, string][];
  return Object.fromEntries(
    parts.map(([part, usual]) => [name === kind ? usual : `${upper(name)}_${part.toUpperCase()}`, values[part]]),
  );
}

/** Of each, by its name. */
export const contractsOf = (addons: readonly { readonly kind: KindName; readonly name: string }[]) =>
  addons.map(({ name, kind }) => ({ name, variables: contractOf({ name, kind }) }));
