import { Environment, environmentKey, projectOf } from "../app/app.ts";
import { lookupIn } from "../compose/compose.ts";
import { ComposeError, fill, isFields, readFile } from "../compose/file.ts";
import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { get } from "../query.ts";
import { type Known, type Redact, redactor } from "../secret/redact.ts";
import { type Bundle, getBundle, type Release } from "./release.ts";

/** Redacted: the values of a release's variables, files and inline environments. Names and images are visible elsewhere anyway. */
interface AppOnTarget {
  readonly app: string;
  readonly appId: string;
  readonly environment: string;
  readonly target: string;
  readonly name: string;
}

interface Bundled {
  readonly release: Release;
  readonly bundle: Bundle;
}

/** Files up to this total are searched for in every encoding; lines of the rest literally. */
const ENCODED_CHARS = 128 * 1024;

/** The releases whose values a server may print: the one being deployed or the newest, and the live one, which a failure restarts. */
export async function redactorOf(ctx: Context, where: AppOnTarget, own?: Bundled): Promise<Redact> {
  const { app, appId, environment, target, name } = where;
  const row = await get(ctx, environmentKey(ctx, app, environment), { consistent: false });
  const { live = {}, releases = 0 } = row ? Environment.parse(row) : {};
  const numbers = new Set([live[target] ?? 0, own ? 0 : releases]);
  numbers.delete(0);
  if (own) numbers.delete(own.release.number);
  const others = await Promise.all([...numbers].map((number) => bundleIfKept(ctx, where, number)));
  const all = [own, ...others].filter((each) => each !== undefined);
  const known = all.map(({ bundle }) => knownOf(bundle));
  return redactor({
    values: known.flatMap(({ values }) => values),
    lines: known.flatMap(({ lines }) => lines),
    shown: [app, environment, projectOf(app, environment), target, name, appId, ...all.flatMap(shownOf)],
  });
}

async function bundleIfKept(ctx: Context, { appId, environment }: AppOnTarget, number: number): Promise<Bundled | undefined> {
  try {
    return await getBundle(ctx, appId, environment, number);
  } catch (error) {
    if (error instanceof Problem && error.code === "release.not_found") return undefined;
    throw error;
  }
}

const shownOf = ({ release, bundle }: Bundled): string[] => [
  ...release.services.flatMap(({ name, image }) => [name, image, ...image.split(/[/:@]/)]),
  ...bundle.files.flatMap(({ path }) => [path, `./${path}`]),
];

export function knownOf({ compose, files, variables }: Bundle): { values: string[]; lines: string[] } & Known {
  const values = [...Object.values(variables), ...inlineOf(compose, variables)];
  const lines: string[] = [];
  let left = ENCODED_CHARS;
  // Small files first: they are likelier to hold passwords, and a large one would use up the limit.
  for (const { content } of files.toSorted((a, b) => a.content.length - b.content.length)) {
    const text = Buffer.from(content, "base64").toString();
    const found = text.split(/\r?\n/).filter(hasContent);
    left -= text.length;
    if (left >= 0) values.push(text, ...found, ...found.flatMap(assignedValues));
    else lines.push(...found, ...found.flatMap(assignedValues));
  }
  return { values, lines };
}

/** A line of dashes or brackets is no secret; redacting it would hide every table. */
const hasContent = (line: string) => (line.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= 4;

function assignedValues(line: string): string[] {
  const [, value = ""] = /^\s*(?:export\s+|-\s+)?["']?[\w.[\]-]+["']?\s*[:=]\s*(.+?)[\s,;]*$/.exec(line) ?? [];
  const bare = value.replace(/^["']/, "").replace(/["']$/, "");
  return hasContent(bare) ? [value, bare] : [];
}

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
    // A file that cannot be parsed may contain anything.
    if (error instanceof ComposeError) return compose.split("\n").filter(hasContent);
    throw error;
  }
}
