import { interpolate, type Lookup, TemplateError, type Watch } from "./template.ts";

/** An env file as Compose reads it. No library implements Compose's grammar; test/compose/ compares this one with real Compose. */
export class EnvFileError extends Error {
  readonly line: number;
  readonly required: string | undefined;

  constructor(line: number, reason: string, required?: string) {
    super(reason);
    this.line = line;
    this.required = required;
  }
}

const VALUES_MOST = 4 * 1024 * 1024;

/** Go's white space, which differs from JavaScript's. */
const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const blank = new RegExp(`${space.source}*`, "y");
const gap = /[\t\v\f\r \u0085\u00a0]*/y;
const exported = /export(?=[\t\n\f\r ])/y;
const key = /[\t\v\f\r \u0085\u00a0_.\-[\]\p{L}\p{N}]*/uy;

const endOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  pattern.exec(text);
  return pattern.lastIndex;
};
const trimEnd = (text: string) => {
  let end = text.length;
  while (end > 0 && space.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
};

/** `outer`, such as the shell, takes precedence in references and gives bare names a value. @throws EnvFileError without values */
export function readEnvFile(text: string, outer: Lookup, watch: Watch = {}): Map<string, string> {
  const found = new Map<string, string>();
  const get = (name: string) => outer(name) ?? found.get(name);
  const broken = (at: number, reason: string, required?: string) =>
    new EnvFileError(text.slice(0, at).split("\n").length, reason, required);
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let length = 0;
  while (true) {
    at = endOf(blank, text, at);
    if (at === text.length) return found;
    if (text[at] === "#") {
      const newline = text.indexOf("\n", at);
      if (newline < 0) return found;
      at = newline;
      continue;
    }
    const start = at;
    exported.lastIndex = at;
    if (exported.test(text)) at = endOf(gap, text, exported.lastIndex);
    const end = endOf(key, text, at);
    const mark = text[end];
    if (mark !== undefined && mark !== "=" && mark !== ":" && mark !== "\n")
      throw broken(start, "it is not NAME=value; a name is letters, digits and _ . - [ ]");
    // Compose reads a name without a separator at the end of the file as a value without a name.
    const name = mark === undefined ? "" : trimEnd(text.slice(at, end));
    if (name.includes(" ")) throw broken(start, "it is not NAME=value; there is a space in the name");
    at = endOf(gap, text, mark === undefined ? at : end + 1);
    if (mark === "\n") {
      const value = outer(name);
      if (value !== undefined) found.set(name, value);
      continue;
    }
    const read = valueAt(text, at);
    if (!read) throw broken(start, "the quotes do not end");
    try {
      const value = read.literal ? read.text : interpolate(read.text, get, watch);
      length += value.length;
      found.set(name, value);
    } catch (error) {
      if (error instanceof TemplateError) throw broken(start, error.message, error.required);
      throw error;
    }
    if (length > VALUES_MOST) throw broken(start, "its variables are too long");
    at = read.end;
  }
}

interface Value {
  readonly text: string;
  readonly literal: boolean;
  readonly end: number;
}

function valueAt(text: string, at: number): Value | undefined {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") {
    const newline = text.indexOf("\n", at);
    const line = text.slice(at, newline < 0 ? text.length : newline);
    const comment = line.indexOf(" #");
    return {
      text: trimEnd(comment < 0 ? line : line.slice(0, comment)),
      literal: false,
      end: newline < 0 ? text.length : newline + 1,
    };
  }
  let inside = "";
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === quote) return { text: quote === "'" ? inside : withoutEscapes(inside), literal: quote === "'", end: i + 1 };
    if (text[i] === "\\") {
      // A backslash escapes a quote, even in single quotes; before other characters it is kept.
      i++;
      if (text[i] !== quote) inside += "\\";
    }
    inside += text[i] ?? "";
  }
  return undefined;
}

const escapes: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", '"': '"', "\\": "\\" };

/** `\$` becomes the template's escape `$$`. Octal needs a zero and three digits; otherwise only the zero is dropped. */
const withoutEscapes = (text: string) =>
  text.replaceAll(/\\(?:([abcfnrtv$"\\])|0(\d{0,3}))/g, (whole, letter?: string, digits?: string) => {
    if (letter !== undefined) return letter === "$" ? "$$" : (escapes[letter] ?? whole);
    return /^[0-3][0-7]{2}$/.test(digits ?? "") ? String.fromCharCode(Number.parseInt(digits ?? "", 8)) : `\\${digits}`;
  });
