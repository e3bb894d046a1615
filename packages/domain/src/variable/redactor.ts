import { passwordVariable } from "../addon/contract.ts";
import { openPasswords } from "../addon/password.ts";
import { Environment, environmentKey, projectOf } from "../app/app.ts";
import type { AppOnTarget } from "../container/seen.ts";
import type { Context } from "../context.ts";
import { get } from "../query.ts";
import { type Bundle, bundleIfKept, type Release } from "../release/release.ts";
import type { Login } from "../remote/remote.ts";
import { type Redact, redactor } from "../secret/redact.ts";
import { openUsed } from "./used.ts";

interface Named extends AppOnTarget {
  readonly name: string;
}

interface Bundled {
  readonly release: Pick<Release, "number" | "services" | "variables">;
  readonly bundle: Bundle;
  /** As the environment has it, by target id; read if absent. */
  readonly live?: Environment["live"] | undefined;
  /** Of its add-ons, by their variables. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Of the secrets and variables that it uses. */
  readonly values?: Readonly<Record<string, string>>;
}

/** The releases whose values a server may print: the one being deployed or the newest, and the live one, which a failure restarts. */
export async function redactorOf(ctx: Context, where: Named, own?: Bundled, logins: readonly Login[] = []): Promise<Redact> {
  const { app, appId, environment, target, name } = where;
  const { live, releases } = own?.live ? { live: own.live, releases: 0 } : await readEnvironment(ctx, where);
  const numbers = new Set([live[target] ?? 0, own ? 0 : releases]);
  numbers.delete(0);
  if (own) numbers.delete(own.release.number);
  const others = await Promise.all([...numbers].map((number) => bundleIfKept(ctx, appId, environment, number)));
  const all = [own, ...others].filter((each) => each !== undefined);
  // Loaded for a run: it brings the YAML parser, which nobody needs who only sweeps, cancels or ends jobs.
  const { knownOf } = await import("../release/known.ts");
  const known = all.map(({ bundle }) => knownOf(bundle));
  const passwords = { ...(await openPasswords(ctx, where, unopened(all, own?.passwords))), ...own?.passwords };
  const opened = await Promise.all(others.map((other) => openUsed(ctx, where, other?.release.variables)));
  return redactor({
    values: [
      ...known.flatMap(({ values }) => values),
      ...[own?.values ?? {}, ...opened].flatMap((each) => Object.values(each)),
      ...logins.map(({ password }) => password),
      ...Object.values(passwords),
    ],
    lines: known.flatMap(({ lines }) => lines),
    shown: [
      app,
      environment,
      projectOf(app, environment),
      target,
      name,
      appId,
      ...all.flatMap(shownOf),
      ...logins.flatMap(({ registry, user }) => [registry, user]),
    ],
  });
}

async function readEnvironment(ctx: Context, { app, environment }: Named): Promise<Pick<Environment, "live" | "releases">> {
  const row = await get(ctx, environmentKey(ctx, app, environment), { consistent: false });
  return row ? Environment.parse(row) : { live: {}, releases: 0 };
}

/** Each add-on once, without those whose password is known. */
const unopened = (all: readonly Bundled[], passwords: Bundled["passwords"] = {}) => [
  ...new Map(
    all
      .flatMap(({ bundle }) => bundle.addons ?? [])
      .filter(({ name }) => !(passwordVariable(name) in passwords))
      .map((addon) => [addon.name, addon]),
  ).values(),
];

const shownOf = ({ release, bundle }: Bundled): string[] => [
  ...release.services.flatMap(({ name, image }) => [name, image, ...image.split(/[/:@]/)]),
  ...[...bundle.files, ...(bundle.large?.files ?? [])].flatMap(({ path }) => [path, `./${path}`]),
];
