import { appKey, getAppIn, PRODUCTION } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { secretText } from "../id.ts";
import { remember } from "../once.ts";
import { check, overtaken, put, replace, tryCommit, type Write } from "../table.ts";
import { addWithinLimit } from "../turn.ts";
import { type Addon, type AddonView, addonKey, type StoredAddon, sealContext, storedAddons } from "./addon.ts";
import { kinds } from "./catalogue.ts";
import { contractOf } from "./contract.ts";
import { type KindName, kindNames, kindTitles } from "./kind.ts";
import { viewOf } from "./view.ts";

/** In one environment. */
export const ADDONS_MOST = 10;
/** With those that were removed. */
const KEPT_MOST = 20;

const PASSWORD_LENGTH = 32;

interface Input {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly kind: KindName;
  /** That of its kind by default. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly services?: readonly string[] | undefined;
}

/** Every later release of the environment has it. @throws Problem addon.exists, addon.kept, addon.too_many, compose.conflict, app.not_found, and what the bill forbids */
export async function addAddon(ctx: Context, input: Input): Promise<AddonView> {
  allow(ctx, "deploy", { app: input.app });
  checkName(input);
  return addWithinLimit(ctx, "addons", (turn) => make(ctx, input, turn));
}

/** Of tools that read variables of their own beginning with it. */
const taken = new Set(["berth", "compose", "docker", "buildkit"]);

function checkName({ kind, name = kind }: Input): void {
  const other = kindNames.find((each) => each === name && each !== kind);
  if (other !== undefined || taken.has(name))
    throw new Problem("input.invalid", { detail: `An add-on of the kind ${kind} cannot be called ${name}.` });
}

async function make(ctx: Context, input: Input, turn: Write): Promise<AddonView | false> {
  const { kind, name = kind } = input;
  const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
  assertPermitted(ctx, account, "grow");
  const place = { app: app.name, environment: environment.name };
  const all = await storedAddons(ctx, place);
  const kept = all.find((each) => each.name === name);
  const present = all.filter(({ removedAt }) => removedAt === undefined);
  const addon: Addon = {
    name,
    kind,
    version: versionOf(input, kept),
    ...(kept?.volume !== undefined && { volume: kept.volume }),
    ...(input.services && { services: [...input.services] }),
    by: whoIs(ctx.actor),
    addedAt: ctx.now().toISOString(),
  };
  assertFree(addon, present, kept, all.length);
  const row: StoredAddon = {
    ...addon,
    ...(kept?.aside && { aside: kept.aside }),
    sealed: kept?.sealed ?? (await ctx.seal(secretText(ctx, PASSWORD_LENGTH), sealContext(ctx.tenant, place, name))),
    since: kept ? -1 : environment.releases,
    changes: (kept?.changes ?? 0) + 1,
  };
  const view = viewOf(addon, environment.name);
  const at = appKey(ctx, app.name);
  const { addons = [] } = app;
  const added = await tryCommit(
    ctx,
    turn,
    remember(ctx, view),
    entitled(ctx, "grow"),
    addons.includes(environment.name)
      ? check(ctx, at, { condition: "version = :seen", values: { ":seen": app.version } }, overtaken)
      : replace(ctx, at, { ...app, addons: [...addons, environment.name], version: app.version + 1 }, app.version),
    put(ctx, addonKey(ctx, place, name), row),
    audit(ctx, "addon.add", `${place.app}/${place.environment}/${name}`, { detail: `${kind} ${addon.version}` }),
  );
  return added && view;
}

/** @throws Problem input.invalid */
function versionOf({ kind, version }: Input, kept: StoredAddon | undefined): string {
  const { versions, usual } = kinds[kind];
  const asked = version ?? (kept?.kind === kind ? kept.version : usual);
  if ((versions as readonly string[]).includes(asked)) return asked;
  throw new Problem("input.invalid", {
    detail: `There is no ${kindTitles[kind]} ${asked} to add. There are ${versions.join(", ")}.`,
  });
}

function assertFree(addon: Addon, present: readonly StoredAddon[], kept: StoredAddon | undefined, count: number): void {
  const { name, kind, version } = addon;
  if (kept && kept.removedAt === undefined)
    throw new Problem("addon.exists", { detail: `"${name}" is ${kindTitles[kept.kind]} ${kept.version}.` });
  if (kept && (kept.kind !== kind || kept.version !== version))
    throw new Problem("addon.kept", {
      detail: `The volume of "${name}" has data of ${kindTitles[kept.kind]} ${kept.version}, which ${kindTitles[kind]} ${version} is not to read.`,
    });
  if (present.length >= ADDONS_MOST) throw new Problem("addon.too_many", { detail: `${ADDONS_MOST} is the most.` });
  if (!kept && count >= KEPT_MOST)
    throw new Problem("addon.too_many", { detail: `${KEPT_MOST} is the most, with those whose data is kept.` });
  const given = new Set(Object.keys(contractOf(addon)));
  for (const other of present) {
    const variable = Object.keys(contractOf(other)).find((each) => given.has(each));
    if (variable !== undefined)
      throw new Problem("compose.conflict", {
        detail: `The add-on "${name}" would give services the variable "${variable}", which "${other.name}" gives them already.`,
        facts: { what: "variable", name: variable },
      });
  }
}
