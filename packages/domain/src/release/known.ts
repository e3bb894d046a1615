import { lookupIn } from "../compose/compose.ts";
import { ComposeError, fill } from "../compose/file.ts";
import { readProject } from "../compose/merge.ts";
import type { Known } from "../secret/redact.ts";
import { withoutGenerated } from "./generated.ts";
import { type Bundle, sourcesOf } from "./release.ts";

/** Files up to this total are searched for in every encoding; lines of the rest literally. */
const ENCODED_CHARS = 128 * 1024;

/** Redacted: the values of a release's variables, files and inline environments. Names and images are visible elsewhere anyway. */
export function knownOf(whole: Bundle): { values: string[]; lines: string[] } & Known {
  const bundle = withoutGenerated(whole);
  const { files, variables } = bundle;
  const values = [...Object.values(variables), ...inlineOf(bundle)];
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

function inlineOf(bundle: Bundle): string[] {
  const get = lookupIn(bundle.variables);
  const sources = sourcesOf(bundle);
  try {
    const { services, configs } = readProject(sources, get);
    const given = [...services.values()].flatMap(({ environment }) => [...environment.values()]);
    const contents = [...configs.values()].map(({ content }) => content);
    return [...given, ...given.map((value) => fill(value, get)), ...contents].flatMap((value) =>
      value === null || value === undefined || typeof value === "object" ? [] : [String(value)],
    );
  } catch (error) {
    // A file that cannot be parsed may contain anything.
    if (error instanceof ComposeError)
      return sources.files.flatMap((path) => (sources.text(path) ?? "").split("\n").filter(hasContent));
    throw error;
  }
}
