import { invalid } from "./error.ts";
import { reserved } from "./reserved.ts";

/** A step of a document path: an attribute name, a `#placeholder` for one, or a list index. */
export type Step = string | number;
export type Path = readonly Step[];

/** A cursor over an expression's tokens. `names` and `values` collect the placeholders met. */
export interface Tokens {
  readonly list: readonly string[];
  at: number;
  readonly names: Set<string>;
  readonly values: Set<string>;
  /** The attributes that paths lead into, as written. */
  readonly nested: Set<string>;
}

const pattern = /[ \t\r\n]*(?:([A-Za-z][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+|\d+|<>|<=|>=|[=<>()[\],.+-])|$)/y;

/** Cut an expression into tokens. Throws ValidationException at a character no token starts with. */
export function tokenise(text: string): Tokens {
  const list: string[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match)
      throw invalid(
        `Syntax error; token: "${text.slice(from, from + 1)}", near: "${text.slice(Math.max(0, from - 8), from + 8)}"`,
      );
    if (match[1] === undefined) break;
    list.push(match[1]);
  }
  if (list.length === 0) throw invalid("The expression can not be empty;");
  return { list, at: 0, names: new Set(), values: new Set(), nested: new Set() };
}

export const peek = (tokens: Tokens): string | undefined => tokens.list[tokens.at];

export const ended = (tokens: Tokens) => tokens.at >= tokens.list.length;

export const syntaxError = (tokens: Tokens) =>
  invalid(
    `Syntax error; token: "${peek(tokens) ?? "<EOF>"}", near: "${tokens.list.slice(Math.max(0, tokens.at - 2), tokens.at + 2).join(" ")}"`,
  );

/** Take the next token if it is this one (keywords in any case). */
export function taken(tokens: Tokens, text: string): boolean {
  const next = peek(tokens);
  if (next === undefined || (next !== text && next.toUpperCase() !== text)) return false;
  tokens.at += 1;
  return true;
}

export function expect(tokens: Tokens, text: string): void {
  if (!taken(tokens, text)) throw syntaxError(tokens);
}

const isWord = (token: string | undefined): token is string => token !== undefined && /^[A-Za-z#]/.test(token);

/** Take a document path such as `a.#b[3].c`. */
export function takePath(tokens: Tokens): Path {
  const path = takeSteps(tokens);
  if (path.length > 1) tokens.nested.add(path[0] as string);
  return path;
}

function takeSteps(tokens: Tokens): Path {
  const path: Step[] = [takeName(tokens)];
  for (;;) {
    if (taken(tokens, ".")) path.push(takeName(tokens));
    else if (taken(tokens, "[")) {
      const index = peek(tokens);
      if (index === undefined || !/^(?:0|[1-9]\d*)$/.test(index)) throw syntaxError(tokens);
      tokens.at += 1;
      path.push(Number(index));
      expect(tokens, "]");
    } else return path;
  }
}

function takeName(tokens: Tokens): string {
  const name = peek(tokens);
  if (!isWord(name)) throw syntaxError(tokens);
  if (name.startsWith("#")) tokens.names.add(name);
  else if (reserved.has(name.toUpperCase())) throw invalid(`Attribute name is a reserved keyword; reserved keyword: ${name}`);
  tokens.at += 1;
  return name;
}

/** Take a `:value` placeholder. */
export function takeValue(tokens: Tokens): string {
  const name = peek(tokens);
  if (name === undefined || !name.startsWith(":")) throw syntaxError(tokens);
  tokens.values.add(name);
  tokens.at += 1;
  return name;
}

const kept = 4_000;

/** Remember what an expression's text parses to; the texts of a program are few. */
export function remembered<T>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= kept) known.clear();
    const parsed = parse(text);
    known.set(text, parsed);
    return parsed;
  };
}
