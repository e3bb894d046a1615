import { type Alias, Composer, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from "yaml";
import { tokensOf } from "./parts.ts";

/** Untrusted YAML parsed in linear time. Aliases share values, so code that walks the result must remember the nodes it has visited. */
export class YamlError extends Error {
  readonly limit: boolean;

  constructor(message: string, limit = false) {
    super(message);
    this.limit = limit;
  }
}

const DEPTH_MOST = 200;
const DOCUMENTS_MOST = 100;
export const COPIES_MOST = 20_000;
/** Tokens, which determine the cost of parsing: this many take 50 ms. The largest of 183 real files (69 KB) has 3,500. */
const PARTS_MOST = 40_000;
/** Values that aliases stand for, each counted wherever it is meant, and each 100 characters of a text as one: Compose goes through all of them. */
export const ALIASED_MOST = 20_000;

/** The cost so far. All texts of a request share one, so each limit applies to them together. */
export interface Spent {
  parts: number;
  copies: number;
  aliased: number;
  readonly partsMost: number;
}

export const nothingSpent = (partsMost = PARTS_MOST): Spent => ({ parts: 0, copies: 0, aliased: 0, partsMost });

/** The keys of a mapping that are tagged `!reset` or `!override`: they replace the earlier value. */
export type Cleared = WeakMap<object, ReadonlySet<string>>;

export interface Yaml {
  readonly documents: readonly unknown[];
  readonly cleared: Cleared;
  readonly spent: Spent;
  /** Compose's parser may read another thing in it, so it proves nothing of what Compose does. */
  readonly odd: boolean;
}

/** Errors of this parser that Compose's parser does not report; the server judges such a file. */
function lenient(code: string, message: string, rest: string): boolean {
  if (code === "KEY_OVER_1024_CHARS" || code === "BAD_DIRECTIVE") return true;
  const end = /must be sufficiently indented and end with a (.)/.exec(message)?.[1];
  return end === undefined ? message.startsWith("Comments must be separated") : rest.includes(end);
}

export function readYaml(text: string, spent = nothingSpent(), cleared: Cleared = new WeakMap()): Yaml {
  // A lone carriage return ends a line too, which this parser does not support.
  const { found, odd } = parseAsCompose(text.replace(/^\ufeff/, "").replaceAll(/\r(?!\n)/g, "\n"), spent);
  const reader = new Reader(cleared, spent); // one: an anchor holds in the documents after its own too
  const documents = found.map(({ contents }) => reader.read(contents, 0));
  return { documents, cleared, spent, odd: odd || reader.odd || ODD.test(text) };
}

/** Directives, and what ends a line for Compose alone. */
const ODD = /^%|[\u0085\u2028\u2029]|(?!^)\ufeff/m;

/** Compose ignores indentation inside brackets, this parser does not: a text it refuses is retried with its brackets joined. */
function parseAsCompose(text: string, spent: Spent): Parsed {
  const { parts } = spent;
  try {
    return parse(text, spent);
  } catch (error) {
    if (!(error instanceof YamlError) || error.limit) throw error;
    const joined = joinBrackets(text);
    if (joined === text) throw error;
    try {
      spent.parts = parts;
      return { ...parse(joined, spent), odd: true };
    } catch {
      throw error; // the lines it names are those of the file
    }
  }
}

function joinBrackets(text: string): string {
  let depth = 0;
  // An unterminated quote extends to the end of the file: otherwise each quote inside it would start another scan.
  const tokens = /'(?:[^']|'')*'|"(?:[^"\\]|\\[\s\S])*(?:"|\\?(?![\s\S]))|(?<=^|\s)#[^\n]*|[[\]{}]|\r?\n[ \t]*/gm;
  return text.replaceAll(tokens, (token) => {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth = Math.max(0, depth - 1);
    else if (depth > 0 && token.startsWith("#")) return "";
    else if (depth > 0 && /^\r?\n/.test(token)) return " ";
    return token;
  });
}

interface Parsed {
  readonly found: readonly Document.Parsed[];
  readonly odd: boolean;
}

function parse(text: string, spent: Spent): Parsed {
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;
  let first: YamlError | undefined;
  const fail = (offset: number, message: string): never => {
    const deep = /^Maximum call stack/.test(message);
    first ??= deep ? new YamlError(TOO_DEEP, true) : new YamlError(`Line ${lineOf(offset)}: ${sentence(message)}`);
    throw first;
  };
  let odd = false;
  // The schema is fixed, or a directive and the tags that this parser knows would make values of it that Compose does not.
  const schema = { schema: "core", resolveKnownTags: false, merge: false } as const;
  const composer = new Composer({ ...schema, uniqueKeys: false, logLevel: "error", strict: true });
  Object.assign(composer, {
    onError: (source: number | [number, number] | { offset: number }, code: string, message: string, warning?: boolean) => {
      const offset = typeof source === "number" ? source : Array.isArray(source) ? source[0] : source.offset;
      if (warning) return;
      if (!lenient(code, message, text.slice(offset))) fail(offset, message);
      odd = true;
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
  const onToken = (depth: number) => {
    if (++spent.parts > spent.partsMost) throw new YamlError("It has too many parts to be read.", true);
    if (depth > 2 * DEPTH_MOST) throw new YamlError(TOO_DEEP, true);
  };
  for (const token of tokensOf(text, onToken)) {
    if (token.type === "error") fail(token.offset, token.message);
    keep(composer.next(token));
  }
  keep(composer.end());
  return { found, odd };
}

const sentence = (message: string) => `${(message.split("\n")[0] ?? "").slice(0, 200).replace(/[.:]?$/, "")}.`;

const TOO_DEEP = "It is nested too deeply.";

const reading = Symbol("reading");
const BINARY = "tag:yaml.org,2002:binary";
const plainTags: ReadonlySet<string | undefined> = new Set([undefined, "!", "!reset", "!override"]);

class Reader {
  odd = false;
  readonly #cleared: Cleared;
  readonly #spent: Spent;
  readonly #anchors = new Map<string, Node>();
  readonly #known = new Map<Node, unknown>();
  /** How many values are in one, at any depth and with what aliases stand for. */
  readonly #sizes = new Map<Node, number>();
  #values = 0;

  constructor(cleared: Cleared, spent: Spent) {
    this.#cleared = cleared;
    this.#spent = spent;
  }

  read(node: unknown, depth: number): unknown {
    if (isAlias(node)) return this.#follow(node);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    if (!plainTags.has(node.tag)) this.odd = true;
    if (node.anchor !== undefined) this.#anchor(node.anchor, node);
    if (isScalar(node)) {
      const value = valueIn(node);
      const size = 1 + Math.floor(String(value).length / 100);
      this.#sizes.set(node, size);
      this.#values += size;
      return value;
    }
    if (depth > DEPTH_MOST) throw new YamlError(TOO_DEEP, true);
    this.#known.set(node, reading);
    const before = this.#values++;
    const value = isMap(node) ? this.#mapping(node, depth + 1) : node.items.map((item) => this.read(item, depth + 1));
    this.#known.set(node, value);
    this.#sizes.set(node, this.#values - before);
    return value;
  }

  #anchor(name: string, node: Node): void {
    if ((this.#anchors.get(name) ?? node) !== node || !/^[\w-]+$/.test(name)) this.odd = true;
    this.#anchors.set(name, node);
  }

  #follow({ source }: Alias): unknown {
    const node = this.#anchors.get(source);
    if (!node) throw new YamlError(`There is no anchor "${source.slice(0, 80)}".`);
    const value = isScalar(node) ? valueIn(node) : this.#known.get(node);
    if (value === reading) throw new YamlError(`The anchor "${source.slice(0, 80)}" holds itself.`);
    const size = this.#sizes.get(node) ?? 0;
    this.#values += size;
    this.#spent.aliased += size;
    if (this.#spent.aliased > ALIASED_MOST) throw new YamlError("Its aliases make it too large.", true);
    return value;
  }

  #mapping(node: YAMLMap, depth: number): Record<string, unknown> {
    const own: Record<string, unknown> = Object.create(null);
    const seen = new Set<string>();
    const cleared = new Set<string>();
    let taken: unknown[] = [];
    for (const { key, value } of node.items) {
      if (isMerge(key)) {
        this.read(key, depth); // for its anchor
        taken = taken.concat(this.read(value, depth)); // one mapping or a list of them
        continue;
      }
      const name = this.#keyOf(key, depth);
      const tag = (value as Node | null)?.tag;
      // A key with `!reset` is removed before Compose checks for duplicates.
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
    const read = this.read(key, depth);
    const value = isScalar(key) ? (key.source ?? key.value) : read;
    if (typeof value === "object" && value !== null) throw new YamlError("A key is a list or a mapping.");
    return String(value);
  }
}

const isMerge = (key: unknown) =>
  isScalar(key) &&
  key.source === "<<" &&
  (key.tag === "tag:yaml.org,2002:merge" || (key.type === "PLAIN" && (key.tag === undefined || key.tag === "!")));

/** Numbers that would not survive a round trip through JavaScript keep their source text. */
function valueIn({ value, source, tag }: Scalar): unknown {
  if (tag === BINARY) throw new YamlError("It has text in base64, with the tag !!binary, which Berth does not read.", true);
  if (typeof value === "bigint" || (typeof value === "number" && String(value) !== source)) return source ?? String(value);
  return value;
}
