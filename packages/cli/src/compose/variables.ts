import { refuse } from "../refusal.ts";

export type Variables = Readonly<Record<string, string>>;

/** What a reference means when the variable is not set, or empty: `${NAME:-default}` and its kin. */
const reference = /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\})/g;

/** A text with its `$NAME` and `${NAME...}` replaced as Compose does it; what is not set is empty. */
export const interpolate = (text: string, get: (name: string) => string | undefined): string =>
  text.replaceAll(reference, (whole, bare?: string, braced?: string, kind?: string, other = "") => {
    const name = bare ?? braced;
    if (name === undefined) return whole === "$$" ? "$" : whole;
    const value = get(name);
    const there = value !== undefined && !(kind?.startsWith(":") && value === "");
    if (kind?.endsWith("+")) return there ? interpolate(other, get) : "";
    return there ? value : kind?.endsWith("-") ? interpolate(other, get) : "";
  });

/** The names a text refers to, and whether it does so without saying what to do when one is not set. */
export function references(text: string): { readonly name: string; readonly bare: boolean }[] {
  const found = new Map<string, boolean>();
  for (const [, bare, braced, kind] of text.matchAll(reference)) {
    const name = bare ?? braced;
    if (name !== undefined) found.set(name, (found.get(name) ?? false) || kind === undefined);
  }
  return [...found].map(([name, alone]) => ({ name, bare: alone }));
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/**
 * A variables file as Compose reads it: `NAME=value`, `export`, comments, single quotes as they stand, double quotes with escapes, and
 * references to what was set before.
 * @throws Refused naming the line
 */
export function parseEnv(text: string, file: string, outer: (name: string) => string | undefined): Variables {
  const found: Record<string, string> = {};
  const get = (name: string) => (Object.hasOwn(found, name) ? found[name] : outer(name));
  const broken = (at: number, why: string) =>
    refuse("cli.file", { detail: `${file}, line ${text.slice(0, at).split("\n").length}: ${why}.` });
  const lines =
    /[^\S\n]*(?:export[^\S\n]+)?([^\s=#]+)[^\S\n]*=[^\S\n]*|[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_]\w*)?[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    lines.lastIndex = at;
    const line = lines.exec(text);
    if (!line) throw broken(at, "it is not NAME=value");
    const start = at;
    at = lines.lastIndex;
    const [, name, inherited] = line;
    const value = inherited === undefined ? undefined : outer(inherited);
    if (inherited !== undefined && value !== undefined) found[inherited] = value;
    if (name === undefined) continue;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name)) throw broken(start, `"${name}" is no name for a variable`);
    const read = valueAt(text, at);
    if (!read) throw broken(start, "the quotes do not end");
    found[name] = read.literal ? read.text : interpolate(read.text, get).replaceAll("\u0000", "$");
    at = read.end;
  }
  return found;
}

interface Value {
  readonly text: string;
  readonly literal: boolean;
  readonly end: number;
}

function valueAt(text: string, at: number): Value | undefined {
  const newline = text.indexOf("\n", at);
  const end = newline < 0 ? text.length : newline;
  const quote = text.charAt(at);
  if (quote !== '"' && quote !== "'") {
    const plain = text
      .slice(at, end)
      .replace(/(^|\s+)#.*$/, "")
      .trim();
    return { text: plain, literal: false, end: end + 1 };
  }
  const quoted = (quote === "'" ? /'([^']*)'/y : /"((?:[^"\\]|\\[\s\S])*)"/y) as RegExp;
  quoted.lastIndex = at;
  const match = quoted.exec(text);
  if (!match) return undefined;
  const rest = text.indexOf("\n", quoted.lastIndex);
  const after = rest < 0 ? text.length : rest + 1;
  const inside = match[1] ?? "";
  if (quote === "'") return { text: inside, literal: true, end: after };
  // An escaped dollar is kept from being a reference by standing in as NUL until the references are replaced.
  const unescaped = inside.replaceAll(/\\([\s\S])/g, (whole, character: string) =>
    character === "$" ? "\u0000" : (escapes[character] ?? whole),
  );
  return { text: unescaped, literal: false, end: after };
}
