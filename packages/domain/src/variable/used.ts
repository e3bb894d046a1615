import type { App } from "../app/app.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { getAll } from "../query.ts";
import type { Release, Used } from "../release/release.ts";
import { check, overtaken, type Write } from "../table.ts";
import { DEFAULT, findSet, namesIn, newest, openValue, setKey, valueKey } from "./variable.ts";

/** What a deployment uses: of `default`, then of each namespace that it names, where a later one goes before an earlier one. */
export interface Chosen {
  readonly used: readonly Used[];
  /** For the commit of the release: another change of the names meanwhile overtakes it. */
  readonly unchanged: Write | undefined;
}

/** @throws Problem variable.no_namespace */
export async function choose(ctx: Context, app: App, environment: string, namespaces: readonly string[]): Promise<Chosen> {
  const set = await findSet(ctx, app, environment);
  const all = namesIn(set);
  const missing = namespaces.find((namespace) => namespace !== DEFAULT && !all.some((entry) => entry.namespace === namespace));
  if (missing !== undefined)
    throw new Problem("variable.no_namespace", {
      detail: `Nothing is set in the namespace "${missing}".`,
      facts: { namespace: missing },
    });
  const order = [DEFAULT, ...namespaces.filter((namespace) => namespace !== DEFAULT)];
  const used = new Map<string, Used>();
  for (const namespace of order)
    for (const entry of all.filter((each) => each.namespace === namespace)) {
      const { name, kind } = entry;
      used.set(name, { name, kind, namespace, version: newest(entry) });
    }
  const seen = { condition: "version = :seen", values: { ":seen": set.version } };
  return {
    used: [...used.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    unchanged: set.version > 0 ? check(ctx, setKey(ctx, app.id, environment), seen, overtaken) : undefined,
  };
}

/** The names of a release's secrets and variables that are unset by now. Without a read where it has none. */
export async function unsetSince(ctx: Context, app: App, { environment, variables = [] }: Release): Promise<string[]> {
  if (variables.length === 0) return [];
  const now = namesIn(await findSet(ctx, app, environment));
  const isSet = ({ namespace, name }: Used) => now.some((entry) => entry.namespace === namespace && entry.name === name);
  return variables.filter((used) => !isSet(used)).map(({ name }) => name);
}

/** Of a value that was changed too often since, or unset. */
export class NotKept extends Error {}

/** For workers: nobody else can open them. @throws NotKept, which a release that can be deployed rules out */
export async function openUsed(
  ctx: Context,
  { appId, environment }: { readonly appId: string; readonly environment: string },
  used: readonly Used[] = [],
): Promise<Record<string, string>> {
  const places = used.map(({ name, namespace, version }) => ({ app: appId, environment, namespace, name, version }));
  const rows = await getAll(
    ctx,
    places.map((of) => valueKey(ctx, of)),
  );
  const opened = places.map(async (of, at) => {
    const row = rows[at];
    if (!row) throw new NotKept(`version ${of.version} of ${of.name} is not kept`);
    return [of.name, await openValue(ctx, of, row)] as const;
  });
  return Object.fromEntries(await Promise.all(opened));
}
