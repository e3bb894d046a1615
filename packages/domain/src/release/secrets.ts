import { Environment, environmentKey, projectOf } from "../app/app.ts";
import { lookupIn } from "../compose/compose.ts";
import { ComposeError, fill, isFields, readFile } from "../compose/file.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { type Known, type Redact, redactor } from "../secret/redact.ts";
import { get } from "../table.ts";
import { type Bundle, getBundle, type Release } from "./release.ts";

/**
 * What of a release must not be told: the values of its variables, of its files and of the environments in its Compose file. Nobody guesses by
 * a name which of them are secret. Not hidden is what everybody who sees the job can see beside it: names, and images.
 */
interface Place {
  readonly app: string;
  readonly appId: string;
  readonly environment: string;
  /** The target's id and name. */
  readonly target: string;
  readonly name: string;
}

interface Bundled {
  readonly release: Release;
  readonly bundle: Bundle;
}

/** So much of all files is looked for in every encoding; the lines of the rest as they are. */
const ENCODED_CHARS = 128 * 1024;

/**
 * Takes out what must not be told of the releases whose words a server may speak on this target: the one under way, or else the newest, and the one
 * that serves there, which is started again when the other fails.
 */
export async function redactorOf(ctx: Context, place: Place, own?: Bundled): Promise<Redact> {
  const { app, appId, environment, target, name } = place;
  const row = await get(ctx, environmentKey(ctx, app, environment), { consistent: false });
  const { live = {}, releases = 0 } = row ? Environment.parse(row) : {};
  const numbers = new Set([live[target] ?? 0, own ? 0 : releases]);
  numbers.delete(0);
  if (own) numbers.delete(own.release.number);
  const others = await Promise.all([...numbers].map((number) => bundleIfKept(ctx, place, number)));
  const all = [own, ...others].filter((each) => each !== undefined);
  const known = all.map(({ bundle }) => knownOf(bundle));
  return redactor({
    values: known.flatMap(({ values }) => values),
    lines: known.flatMap(({ lines }) => lines),
    shown: [app, environment, projectOf(app, environment), target, name, appId, ...all.flatMap(shownOf)],
  });
}

async function bundleIfKept(ctx: Context, { appId, environment }: Place, number: number): Promise<Bundled | undefined> {
  try {
    return await getBundle(ctx, appId, environment, number);
  } catch (error) {
    if (error instanceof Problem && error.code === "release.not_found") return undefined;
    throw error;
  }
}

/** Names and images that the release's own page shows, and where its files lie. */
const shownOf = ({ release, bundle }: Bundled): string[] => [
  ...release.services.flatMap(({ name, image }) => [name, image, ...image.split(/[/:@]/)]),
  ...bundle.files.flatMap(({ path }) => [path, `./${path}`]),
];

export function knownOf({ compose, files, variables }: Bundle): { values: string[]; lines: string[] } & Known {
  const values = [...Object.values(variables), ...inlineOf(compose, variables)];
  const lines: string[] = [];
  let left = ENCODED_CHARS;
  // The small ones first: a large one is seldom what holds the passwords, and has no room for all that may be made of it.
  for (const { content } of files.toSorted((a, b) => a.content.length - b.content.length)) {
    const text = Buffer.from(content, "base64").toString();
    const found = text.split(/\r?\n/).filter(says);
    left -= text.length;
    if (left >= 0) values.push(text, ...found, ...found.flatMap(assigned));
    else lines.push(...found, ...found.flatMap(assigned));
  }
  return { values, lines };
}

/** A line of dashes or brackets is nobody's secret, and would hide every table. */
const says = (line: string) => (line.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= 4;

/** `NAME=value` and `name: value`, as files of variables, YAML and JSON have them. */
function assigned(line: string): string[] {
  const [, value = ""] = /^\s*(?:export\s+|-\s+)?["']?[\w.[\]-]+["']?\s*[:=]\s*(.+?)[\s,;]*$/.exec(line) ?? [];
  const bare = value.replace(/^["']/, "").replace(/["']$/, "");
  return says(bare) ? [value, bare] : [];
}

/** Values that stand in the Compose file itself: of its environments and of the texts of its configs. */
function inlineOf(compose: string, variables: Bundle["variables"]): string[] {
  const get = lookupIn(variables);
  try {
    const { services, configs } = readFile(compose, get);
    const given = [...services.values()].flatMap(({ environment }) => [...environment.values()]);
    const contents = [...configs.values()].map((config) => (isFields(config) ? config.content : undefined));
    return [...given, ...contents].flatMap((value) =>
      value === null || value === undefined || typeof value === "object" ? [] : [String(value), String(fill(value, get))],
    );
  } catch (error) {
    // A file that is not understood may say anything.
    if (error instanceof ComposeError) return compose.split("\n").filter(says);
    throw error;
  }
}
