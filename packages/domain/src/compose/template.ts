/** Interpolation as Compose does it. No library implements its grammar; test/compose/ compares this one with real Compose. */
export type Lookup = (name: string) => string | undefined;

/** A template that Compose refuses. The reason names variables, never their values. */
export class TemplateError extends Error {
  readonly required: string | undefined;

  constructor(reason: string, required?: string) {
    super(reason);
    this.required = required;
  }
}

type Operator = ":-" | "-" | ":+" | "+" | ":?" | "?";

interface Reference {
  readonly name: string;
  readonly operator?: Operator | undefined;
  readonly operand: string;
}

/** Parsing nested defaults takes time quadratic in the depth. */
const DEPTH_MOST = 50;
const LENGTH_MOST = 1024 * 1024;

// Case-insensitive as in Go, which matches two letters besides A to Z.
const named = /[_a-z][_a-z0-9]*/iuy;
const operators = /:?[-+?]/y;

function* parse(text: string): Generator<string | Reference> {
  let literal = 0;
  let lineEnd = -1;
  let lastBrace = -1;
  for (let at = text.indexOf("$"); at >= 0; at = text.indexOf("$", at)) {
    yield text.slice(literal, at);
    if (text[at + 1] === "$") {
      yield "$";
      at += 2;
    } else if (text[at + 1] !== "{") {
      named.lastIndex = at + 1;
      const name = named.exec(text)?.[0];
      if (name === undefined) yield "$";
      else yield { name, operand: "" };
      at += 1 + (name?.length ?? 0);
    } else {
      if (at > lineEnd) {
        const newline = text.indexOf("\n", at);
        lineEnd = newline < 0 ? text.length : newline;
        lastBrace = text.lastIndexOf("}", lineEnd - 1);
      }
      const read = braced(text, at, lastBrace);
      yield read.reference;
      at = read.end;
    }
    literal = at;
  }
  yield text.slice(literal);
}

function braced(text: string, at: number, lastBrace: number): { reference: Reference; end: number } {
  const invalid = () => new TemplateError(`"${text.slice(at, at + 20).split("\n")[0]}" is no reference to a variable`);
  named.lastIndex = at + 2;
  const name = named.exec(text)?.[0];
  if (name === undefined) throw invalid();
  const after = at + 2 + name.length;
  if (text[after] === "}") return { reference: { name, operand: "" }, end: after + 1 };
  operators.lastIndex = after;
  const operator = operators.exec(text)?.[0] as Operator | undefined;
  const begin = after + (operator?.length ?? 0);
  if (operator === undefined || lastBrace < begin) throw invalid();
  const end = closing(text, at, lastBrace);
  return { reference: { name, operator, operand: text.slice(begin, end) }, end: end + 1 };
}

/** An opening brace hides the next character; a reference that is never closed ends with the last brace on its line. */
function closing(text: string, from: number, lastBrace: number): number {
  let open = 0;
  for (let at = from; at <= lastBrace; at++) {
    if (text[at] === "{") {
      open++;
      at++;
    } else if (text[at] === "}" && --open === 0) return at;
  }
  return lastBrace;
}

export interface Watch {
  readonly unset?: (name: string) => void;
}

export function interpolate(text: string, get: Lookup, watch: Watch = {}, depth = 0): string {
  if (!text.includes("$")) return text;
  if (depth > DEPTH_MOST) throw new TemplateError("the defaults are nested too deeply");
  const inner = (operand: string) => interpolate(operand, get, watch, depth + 1);
  let result = "";
  for (const part of parse(text)) {
    result += typeof part === "string" ? part : valueIn(part, get, inner, watch);
    if (result.length > LENGTH_MOST) throw new TemplateError("it is too long with its variables put in");
  }
  return result;
}

function valueIn({ name, operator, operand }: Reference, get: Lookup, inner: (text: string) => string, watch: Watch): string {
  const value = get(name);
  const isSet = value !== undefined && !(operator?.startsWith(":") && value === "");
  switch (operator) {
    case undefined:
      if (value === undefined) watch.unset?.(name);
      return value ?? "";
    case ":-":
    case "-":
      return isSet ? value : inner(operand);
    case ":+":
    case "+":
      return isSet ? inner(operand) : "";
    default: {
      if (isSet) return value;
      const reason = inner(operand);
      throw new TemplateError(`${name} has to be set${reason === "" ? "" : `: ${reason}`}`, name);
    }
  }
}

export function namesIn(text: string, depth = 0): Set<string> {
  const found = new Set<string>();
  if (!text.includes("$") || depth > DEPTH_MOST) return found;
  try {
    for (const part of parse(text)) {
      if (typeof part === "string") continue;
      found.add(part.name);
      for (const name of namesIn(part.operand, depth + 1)) found.add(name);
    }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
  }
  return found;
}
