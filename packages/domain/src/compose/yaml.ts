import { type Alias, Composer, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from "yaml";
import { tokensOf } from "./parts.ts";

/**
 * YAML that a stranger wrote, read in work proportional to its size: the first error ends it, an alias is followed once and its value shared,
 * depth and what merge keys copy have ceilings. What it answers may lead to one value by many ways, so who walks it remembers where he was.
 */
export class YamlError extends Error {
  /** It is no mistake but more than we read. */
  readonly limit: boolean;

  constructor(message: string, limit = false) {
    super(message);
    this.limit = limit;
  }
}

/** Deeper, and with more keys taken over by `<<` or `extends`, than any file that people or generators write. */
const DEPTH_MOST = 200;
const DOCUMENTS_MOST = 100;
export const COPIES_MOST = 20_000;
/**
 * Marks, words and ends of lines. What a file costs to read goes by these and not by its length, and so many are 50 ms of it; of 183 files that people wrote, one
 * of 69 KB among them, the largest has 3,500.
 */
const PARTS_MOST = 40_000;

/** What reading has cost so far, and may. Texts that come in one request share it: each ceiling is for all of them together. */
export interface Spent {
  parts: number;
  copies: number;
  readonly partsMost: number;
}

export const nothingSpent = (partsMost = PARTS_MOST): Spent => ({ parts: 0, copies: 0, partsMost });

/** The keys of a mapping whose value is tagged `!reset` or `!override`: they take the place of what was there before. */
export type Cleared = WeakMap<object, ReadonlySet<string>>;

export interface Yaml {
  /** The documents as plain values: mappings have no prototype. */
  readonly documents: readonly unknown[];
  readonly cleared: Cleared;
  readonly spent: Spent;
}

/** Complaints of this parser about what Compose's own takes; what is read all the same is then the server's to judge. */
function lenient(code: string, message: string, rest: string): boolean {
  if (code === "KEY_OVER_1024_CHARS" || code === "BAD_DIRECTIVE") return true;
  // A bracket may close further to the left than where it was opened; but it has to close.
  const end = /must be sufficiently indented and end with a (.)/.exec(message)?.[1];
  return end === undefined ? message.startsWith("Comments must be separated") : rest.includes(end);
}

/** @throws YamlError */
export function readYaml(text: string, spent = nothingSpent()): Yaml {
  const cleared: Cleared = new WeakMap();
  // A carriage return alone ends a line too, which this parser does not know.
  const documents = parseAsCompose(text.replace(/^\ufeff/, "").replaceAll(/\r(?!\n)/g, "\n"), spent);
  const reader = new Reader(cleared, spent); // one: an anchor holds in the documents after its own too
  return { documents: documents.map(({ contents }) => reader.read(contents, 0)), cleared, spent };
}

/** Inside brackets indentation means nothing to Compose, but something to this parser: what it refuses is tried once more without. */
function parseAsCompose(text: string, spent: Spent): Document.Parsed[] {
  const { parts } = spent;
  try {
    return parse(text, spent);
  } catch (error) {
    if (!(error instanceof YamlError) || error.limit) throw error;
    const joined = joinBrackets(text);
    if (joined === text) throw error;
    try {
      spent.parts = parts;
      return parse(joined, spent);
    } catch {
      throw error; // the lines it names are those of the file
    }
  }
}

/** The text with what stands in brackets brought onto one line, comments in it left out. */
function joinBrackets(text: string): string {
  let depth = 0;
  // A text in quotes that does not end goes to the end of the file: else each quote hidden in it would be tried as the beginning of another.
  const tokens = /'(?:[^']|'')*'|"(?:[^"\\]|\\[\s\S])*(?:"|\\?(?![\s\S]))|(?<=^|\s)#[^\n]*|[[\]{}]|\r?\n[ \t]*/gm;
  return text.replaceAll(tokens, (token) => {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth = Math.max(0, depth - 1);
    else if (depth > 0 && token.startsWith("#")) return "";
    else if (depth > 0 && /^\r?\n/.test(token)) return " ";
    return token;
  });
}

function parse(text: string, spent: Spent): Document.Parsed[] {
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;
  let first: YamlError | undefined;
  const fail = (offset: number, message: string): never => {
    const deep = /^Maximum call stack/.test(message);
    first ??= deep ? new YamlError(TOO_DEEP, true) : new YamlError(`Line ${lineOf(offset)}: ${sentence(message)}`);
    throw first;
  };
  const composer = new Composer({ uniqueKeys: false, logLevel: "error", merge: false, strict: true });
  // The composer would collect every error with a stack of its own, and go on.
  Object.assign(composer, {
    onError: (source: number | [number, number] | { offset: number }, code: string, message: string, warning?: boolean) => {
      const offset = typeof source === "number" ? source : Array.isArray(source) ? source[0] : source.offset;
      if (!warning && !lenient(code, message, text.slice(offset))) fail(offset, message);
    },
  });
  const found: Document.Parsed[] = [];
  const keep = (documents: Iterable<Document>) => {
    for (const document of documents) {
      const [error] = document.errors;
      if (error) fail(error.pos[0], error.message);
      if (found.push(document as Document.Parsed) > DOCUMENTS_MOST)
        throw new YamlError(`It has more than ${DOCUMENTS_MOST} documents.`, true);
    }
  };
  const look = (depth: number) => {
    if (++spent.parts > spent.partsMost) throw new YamlError("It has too many parts to be read.", true);
    if (depth > 2 * DEPTH_MOST) throw new YamlError(TOO_DEEP, true);
  };
  for (const token of tokensOf(text, look)) {
    if (token.type === "error") fail(token.offset, token.message);
    keep(composer.next(token));
  }
  keep(composer.end());
  return found;
}

const sentence = (message: string) => `${(message.split("\n")[0] ?? "").slice(0, 200).replace(/[.:]?$/, "")}.`;

const TOO_DEEP = "It is nested too deeply.";

/** Stands for a value that is being read. */
const reading = Symbol("reading");

class Reader {
  readonly #cleared: Cleared;
  readonly #spent: Spent;
  readonly #anchors = new Map<string, Node>();
  readonly #known = new Map<Node, unknown>();

  constructor(cleared: Cleared, spent: Spent) {
    this.#cleared = cleared;
    this.#spent = spent;
  }

  read(node: unknown, depth: number): unknown {
    if (isAlias(node)) return this.#follow(node, depth);
    if (isScalar(node)) {
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
      return valueIn(node);
    }
    if (!isMap(node) && !isSeq(node)) return null;
    if (depth > DEPTH_MOST) throw new YamlError(TOO_DEEP, true);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#known.set(node, reading);
    const value = isMap(node) ? this.#mapping(node, depth + 1) : node.items.map((item) => this.read(item, depth + 1));
    this.#known.set(node, value);
    return value;
  }

  /** An anchor is the last of its name so far; what was read stays as it is when the name is used again. */
  #follow({ source }: Alias, depth: number): unknown {
    const node = this.#anchors.get(source);
    if (!node) throw new YamlError(`There is no anchor "${source.slice(0, 80)}".`);
    if (isScalar(node)) return this.read(node, depth);
    const value = this.#known.get(node);
    if (value === reading) throw new YamlError(`The anchor "${source.slice(0, 80)}" holds itself.`);
    return value;
  }

  #mapping(node: YAMLMap, depth: number): Record<string, unknown> {
    const own: Record<string, unknown> = Object.create(null);
    const seen = new Set<string>();
    const cleared = new Set<string>();
    let taken: unknown[] = [];
    for (const { key, value } of node.items) {
      if (isMerge(key)) {
        taken = taken.concat(this.read(value, depth)); // one mapping or a list of them
        continue;
      }
      const name = this.#keyOf(key, depth);
      const tag = (value as Node | null)?.tag;
      // One that is reset is gone before Compose looks for keys that are there twice.
      if (tag !== "!reset") {
        if (seen.has(name)) throw new YamlError(`The key "${name.slice(0, 80)}" is there twice.`);
        seen.add(name);
      }
      if (tag === "!reset" || tag === "!override") cleared.add(name);
      const read = this.read(value, depth);
      if (tag !== "!reset") own[name] = read;
    }
    for (const from of taken) {
      if (typeof from !== "object" || from === null) continue;
      for (const name in from) {
        if (++this.#spent.copies > COPIES_MOST) throw new YamlError("Its merge keys make it too large.", true);
        if (!(name in own)) own[name] = (from as Record<string, unknown>)[name];
      }
    }
    if (cleared.size > 0) this.#cleared.set(own, cleared);
    return own;
  }

  #keyOf(key: unknown, depth: number): string {
    const value = isScalar(key) ? (key.source ?? key.value) : this.read(key, depth);
    if (typeof value === "object" && value !== null) throw new YamlError("A key is a list or a mapping.");
    return String(value);
  }
}

/** `<<`, and `!!merge <<` as Go's own writer of YAML and tools made with it write it. */
const isMerge = (key: unknown) =>
  isScalar(key) &&
  key.source === "<<" &&
  (key.tag === "tag:yaml.org,2002:merge" || (key.type === "PLAIN" && (key.tag === undefined || key.tag === "!")));

/** A value as it is, but for numbers and the like that YAML would round: those that are no JavaScript number stay as they are written. */
function valueIn({ value, source }: Scalar): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && String(value) !== source)) return source ?? String(value);
  return value;
}
