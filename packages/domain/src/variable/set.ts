import { type App, appKey, type Environment, environmentKey, getAppIn, PRODUCTION } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled } from "../entitlement/account.ts";
import { erase } from "../erase.ts";
import { Problem } from "../error.ts";
import { check, insert, overtaken, replace, tryCommit, type Write } from "../table.ts";
import { retryOnConflict } from "../turn.ts";
import { trimmed } from "./kept.ts";
import {
  DEFAULT,
  type Entry,
  entryOf,
  knownOf,
  namesIn,
  sealValue,
  setKey,
  setToChange,
  type ValueOf,
  type VariableSet,
  valueKey,
  viewOf,
} from "./variable.ts";
import type { Kind, Variable } from "./view.ts";

export const NAMES_MOST = 200;
const BYTES_MOST = 256 * 1024;
/** Environments of an app that have any. */
const ENVIRONMENTS_MOST = 20;

interface In {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * Sets all of these names or none. Running containers keep what they have until the next deployment. The same again is one more version.
 * @throws Problem variable.kind, variable.too_many, environment.too_many
 */
export async function setVariables(
  ctx: Context,
  input: In & { readonly kind: Kind; readonly values: Readonly<Record<string, string>> },
): Promise<Variable[]> {
  allow(ctx, "deploy", { app: input.app });
  const { kind, namespace = DEFAULT, environment = PRODUCTION } = input;
  const names = Object.keys(input.values);
  return change(ctx, input, `${kind}.set`, names, async (app, before) => {
    const version = before.version + 1;
    const changedAt = ctx.now().toISOString();
    const after = Object.entries(input.values).reduce((set, [name, value]) => {
      const known = knownOf(set, namespace, name);
      if (known && !known.unset && known.kind !== kind)
        throw new Problem("variable.kind", { detail: `"${name}" is a ${known.kind}.`, facts: { name, kind: known.kind } });
      const versions = [version, ...(known?.versions ?? [])];
      return withEntry(set, { namespace, name, kind, versions, bytes: Buffer.byteLength(value), changedAt });
    }, before);
    assertRoom(before, after);
    const writes = Object.entries(input.values).map(async ([name, value]) => {
      const of: ValueOf = { app: app.id, environment, namespace, name, version };
      const data = await sealValue(ctx, of, kind, value);
      return insert(ctx, valueKey(ctx, of), { kind, data, by: whoIs(ctx.actor), at: changedAt }, overtaken);
    });
    return { after, writes: await Promise.all(writes) };
  });
}

/** Its value is erased, but for releases that name it and to which one can go back. @throws Problem variable.not_found */
export async function unsetVariable(ctx: Context, input: In & { readonly name: string }): Promise<void> {
  allow(ctx, "deploy", { app: input.app });
  const { name, namespace = DEFAULT } = input;
  await change(ctx, input, "variable.unset", [name], (_, before) => {
    const entry = entryOf(before, namespace, name);
    return Promise.resolve({ after: withEntry(before, { ...entry, unset: true }), writes: [] });
  });
}

const withEntry = (set: VariableSet, entry: Entry): VariableSet => ({
  ...set,
  entries: [...set.entries.filter(({ namespace, name }) => namespace !== entry.namespace || name !== entry.name), entry],
});

function assertRoom(before: VariableSet, after: VariableSet): void {
  const [were, are] = [namesIn(before), namesIn(after)];
  const bytes = (of: typeof are) => of.reduce((sum, entry) => sum + entry.bytes, 0);
  if (are.length > NAMES_MOST && are.length > were.length)
    throw new Problem("variable.too_many", { detail: `There would be ${are.length}; ${NAMES_MOST} is the most.` });
  if (bytes(are) > BYTES_MOST && bytes(are) > bytes(were))
    throw new Problem("variable.too_many", {
      detail: `Their values would have ${Math.ceil(bytes(are) / 1024)} KB; 256 KB is the most.`,
    });
}

type Changed = (app: App, before: VariableSet) => Promise<{ after: VariableSet; writes: readonly Write[] }>;

async function change(
  ctx: Context,
  input: In,
  action: `${string}.${string}`,
  names: readonly string[],
  how: Changed,
): Promise<Variable[]> {
  const { environment: name = PRODUCTION, namespace = DEFAULT } = input;
  return retryOnConflict(ctx, async () => {
    const { app, environment, account } = await getAppIn(ctx, input.app, name);
    assertPermitted(ctx, account, "grow");
    const before = await setToChange(ctx, app, name);
    const { after, writes } = await how(app, before);
    const { set, dropped } = await trimmed(ctx, app, environment, { ...after, version: before.version + 1 });
    const accepted = await tryCommit(
      ctx,
      entitled(ctx, "grow"),
      ...save(ctx, app, name, set),
      ...writes,
      ...dropped.map((of) => erase(ctx, valueKey(ctx, of))),
      dropped.length > 0 ? unchanged(ctx, environment) : undefined,
      audit(ctx, action, `${app.name}/${name}`, {
        detail: `${namespace === DEFAULT ? "" : `${namespace}: `}${names.join(", ")}, version ${set.version}`,
      }),
    );
    return accepted && viewOf(set).filter((each) => each.namespace === namespace && names.includes(each.name));
  });
}

function save(ctx: Context, app: App, environment: string, set: VariableSet): Write[] {
  const at = setKey(ctx, app.id, environment);
  const saved = set.version === 1 ? insert(ctx, at, set, overtaken) : replace(ctx, at, set, set.version - 1);
  const listed = app.variables ?? [];
  if (listed.includes(environment)) return [saved];
  if (listed.length >= ENVIRONMENTS_MOST)
    throw new Problem("environment.too_many", {
      detail: `${listed.length} environments of "${app.name}" have secrets or variables; that is the most.`,
    });
  const next = { ...app, variables: [...listed, environment], version: app.version + 1 };
  return [saved, replace(ctx, appKey(ctx, app.name), next, app.version)];
}

/** A release that was accepted meanwhile may name what is erased. */
const unchanged = (ctx: Context, { app, name, version }: Environment): Write =>
  check(
    ctx,
    environmentKey(ctx, app, name),
    version === 0 ? { condition: "attribute_not_exists(pk)" } : { condition: "version = :seen", values: { ":seen": version } },
    overtaken,
  );
