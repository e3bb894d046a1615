import * as z from "zod";
import { type App, getAppIn, PRODUCTION } from "../app/app.ts";
import { Who } from "../audit/who.ts";
import { ANY_APP, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { get, listAll } from "../query.ts";
import { key } from "../table.ts";
import { type Kind, kinds, Variable, type VariableHistory, Version } from "./view.ts";

/**
 * A secret or a variable of an environment: a value that Compose reads by its name, as from `.env`, which it goes before. Both are sealed; a
 * secret is shown only for a reason and after a proof. Names are in namespaces, of which `default` is always used.
 *
 * One row has the names of an environment, with their versions, and one each version's value. A version is the number of the change that made it,
 * so that none is ever used twice. Ten versions of a name are kept, and those that a release names to which one can go back.
 */
export const DEFAULT = "default";

/** `versions`: the newest first. `unset`: only for releases that name them. `bytes`: of the newest one's value. */
export const Entry = Variable.omit({ version: true }).extend({
  versions: z.array(z.number().int()).min(1),
  bytes: z.number().int(),
  unset: z.boolean().optional(),
});
export type Entry = z.infer<typeof Entry>;

/** A list, as DynamoDB's client takes no map with a name such as `constructor`. */
export const VariableSet = z.object({ entries: z.array(Entry), version: z.number().int() });
export type VariableSet = z.infer<typeof VariableSet>;

/** Which value: `app` is the app's id. */
export interface ValueOf {
  readonly app: string;
  readonly environment: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: number;
}

const StoredValue = z.object({
  kind: z.enum(kinds),
  data: z.instanceof(Uint8Array),
  by: Who,
  at: z.iso.datetime(),
});

export const setPrefix = (app: string) => `VARIABLES#${app}#`;
export const setKey = (ctx: Context, app: string, environment: string) => key(ctx, `${setPrefix(app)}${environment}`);
export const valuesPrefix = (app: string) => `VALUE#${app}#`;
export const valuePrefix = (app: string, environment: string) => `${valuesPrefix(app)}${environment}#`;
const namePrefix = ({ app, environment, namespace, name }: Omit<ValueOf, "version">) =>
  `${valuePrefix(app, environment)}${namespace}#${name}#`;
/** By the sort key of its value. */
export const versionOf = (sk: string) => Number(sk.slice(sk.lastIndexOf("#") + 1));
export const valueKey = (ctx: Context, of: ValueOf) => key(ctx, `${namePrefix(of)}${String(of.version).padStart(8, "0")}`);

/** A value that is copied to another name, version, environment, app or tenant does not open there. */
const sealContext = ({ tenant }: Context, { version, ...of }: ValueOf, kind: Kind) => ({
  ...of,
  tenant,
  version: String(version),
  kind,
  what: "value",
});
export const sealValue = (ctx: Context, of: ValueOf, kind: Kind, value: string) =>
  ctx.sealBytes(Buffer.from(value, "utf8"), sealContext(ctx, of, kind));

/** By the row of a value: what it was set as, whatever its name is by now. */
export const kindOf = (row: Readonly<Record<string, unknown>>): Kind => StoredValue.parse(row).kind;

/** Opens only where a function may: in the rollout worker, and in the one that reveals. */
export async function openValue(ctx: Context, of: ValueOf, row: Readonly<Record<string, unknown>>): Promise<string> {
  const { kind, data } = StoredValue.parse(row);
  return Buffer.from(await ctx.openBytes(data, sealContext(ctx, of, kind))).toString("utf8");
}

/** An app that never had any in the environment costs no read. */
export async function findSet(ctx: Context, app: App, environment: string): Promise<VariableSet> {
  const found = app.variables?.includes(environment) ? await get(ctx, setKey(ctx, app.id, environment)) : undefined;
  return found ? VariableSet.parse(found) : { entries: [], version: 0 };
}

/** What an environment of that name had that was removed since is not there, but its numbers go on. */
export async function setToChange(ctx: Context, app: App, environment: string): Promise<VariableSet> {
  const found = await get(ctx, setKey(ctx, app.id, environment));
  if (!found) return { entries: [], version: 0 };
  const set = VariableSet.parse(found);
  return app.variables?.includes(environment) ? set : { ...set, entries: [] };
}

export const namesIn = ({ entries }: VariableSet): Entry[] => entries.filter(({ unset }) => !unset);

export const newest = ({ versions: [version = 0] }: Entry): number => version;

interface In {
  readonly app: string;
  readonly environment?: string | undefined;
}

/** By namespace and name. */
export async function listVariables(ctx: Context, input: In): Promise<Variable[]> {
  allow(ctx, "read", ANY_APP);
  const environment = input.environment ?? PRODUCTION;
  const { app } = await getAppIn(ctx, input.app, environment);
  return viewOf(await findSet(ctx, app, environment));
}

export const viewOf = (set: VariableSet): Variable[] =>
  namesIn(set)
    .map((entry) => Variable.parse({ ...entry, version: newest(entry) }))
    .sort((a, b) => (`${a.namespace} ${a.name}` < `${b.namespace} ${b.name}` ? -1 : 1));

interface Named extends In {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** Who changed it when, the newest version first. @throws Problem variable.not_found */
export async function variableHistory(ctx: Context, input: Named): Promise<z.infer<typeof VariableHistory>> {
  allow(ctx, "read", ANY_APP);
  const { of, entry } = await findVariable(ctx, input);
  const prefix = namePrefix(of);
  const rows = await listAll(ctx, { pk: key(ctx, "").pk, prefix });
  const versions = rows.map((row): Version => Version.parse({ ...row, version: versionOf(String(row.sk)) }));
  return {
    ...Variable.parse({ ...entry, ...of }),
    versions: versions.filter(({ version }) => entry.versions.includes(version)).reverse(),
  };
}

/** @throws Problem variable.not_found */
export async function findVariable(ctx: Context, input: Named): Promise<{ app: App; entry: Entry; of: ValueOf }> {
  const environment = input.environment ?? PRODUCTION;
  const { app } = await getAppIn(ctx, input.app, environment);
  const { name, namespace = DEFAULT } = input;
  const entry = entryOf(await findSet(ctx, app, environment), namespace, name);
  return { app, entry, of: { app: app.id, environment, namespace, name, version: newest(entry) } };
}

/** Unset ones too. */
export const knownOf = ({ entries }: VariableSet, namespace: string, name: string): Entry | undefined =>
  entries.find((entry) => entry.namespace === namespace && entry.name === name);

/** @throws Problem variable.not_found */
export function entryOf(set: VariableSet, namespace: string, name: string): Entry {
  const entry = knownOf(set, namespace, name);
  if (!entry || entry.unset)
    throw new Problem("variable.not_found", {
      detail: `"${name}" is not set${namespace === DEFAULT ? "" : ` in the namespace "${namespace}"`}.`,
    });
  return entry;
}
