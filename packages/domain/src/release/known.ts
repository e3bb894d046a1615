import { lookupIn } from "../compose/compose.ts";
import { ComposeError, fill, isFields, readFile } from "../compose/file.ts";
import type { Known } from "../secret/redact.ts";
import type { Bundle } from "./release.ts";

/** Files up to this total are searched for in every encoding; lines of the rest literally. */
const ENCODED_CHARS = 128 * 1024;

/** Redacted: the values of a release's variables, files and inline environments. Names and images are visible elsewhere anyway. */
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
