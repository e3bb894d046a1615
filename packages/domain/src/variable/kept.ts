import type { App, Environment } from "../app/app.ts";
import type { Context } from "../context.ts";
import { getAll } from "../query.ts";
import { Release, releaseKey } from "../release/release.ts";
import type { Entry, ValueOf, VariableSet } from "./variable.ts";

/** Versions of a name. */
const KEPT = 10;
/** DynamoDB takes a hundred writes at once. What is left is dropped with the next change. */
const DROPPED_MOST = 45;

/**
 * Drops the versions before the last ten, and all of what is unset, but for those that a release names to which one can go back.
 * `dropped`: whose values are to be erased.
 */
export async function trimmed(
  ctx: Context,
  app: App,
  environment: Environment,
  set: VariableSet,
): Promise<{ set: VariableSet; dropped: ValueOf[] }> {
  if (set.entries.every(({ unset, versions }) => !unset && versions.length <= KEPT)) return { set, dropped: [] };
  const named = await namedByReleases(ctx, app, environment);
  const dropped: ValueOf[] = [];
  const entries = set.entries.flatMap((entry): Entry[] => {
    const { namespace, name, unset } = entry;
    const versions = entry.versions.filter((version, at) => {
      if ((!unset && at < KEPT) || named.has(`${namespace}#${name}#${version}`) || dropped.length === DROPPED_MOST) return true;
      dropped.push({ app: app.id, environment: environment.name, namespace, name, version });
      return false;
    });
    return versions.length > 0 ? [{ ...entry, versions }] : [];
  });
  return { set: { ...set, entries }, dropped };
}

async function namedByReleases(ctx: Context, app: App, { name, healthy, live, releases }: Environment): Promise<Set<string>> {
  const numbers = new Set([...healthy, ...Object.values(live), releases]);
  numbers.delete(0);
  const rows = await getAll(
    ctx,
    [...numbers].map((number) => releaseKey(ctx, app.id, name, number)),
  );
  const named = rows.flatMap((row) => (row && Release.parse(row).variables) || []);
  return new Set(named.map((each) => `${each.namespace}#${each.name}#${each.version}`));
}
