import { lintSource } from "@secretlint/core";
import { creator as recommended } from "@secretlint/secretlint-rule-preset-recommend";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { refuse } from "../refusal.ts";

/** A value that stands in a Compose file for everybody to read. */
export interface Plaintext {
  /** Of the variable or argument, which `--allow-plaintext` takes. */
  readonly name: string;
  readonly path: string;
  readonly line: number;
  /** Its place in the file, such as services.web.environment. */
  readonly place: string;
  /** What it looks like. */
  readonly what: string;
}

export interface Found {
  /** Certain enough to stop a deployment. */
  readonly credentials: readonly Plaintext[];
  /** Named like a secret, and so short or plain that it may be none. */
  readonly doubtful: readonly Plaintext[];
}

const SHOWN_MOST = 10;

/**
 * What to know of values that stand in Compose files and may be secrets.
 * @throws Refused compose.plaintext naming the place of each credential that is not allowed, never its value
 */
export async function checkPlaintext(
  texts: ReadonlyMap<string, string | undefined>,
  {
    app,
    environment,
    allowed,
  }: { readonly app: string; readonly environment: string | undefined; readonly allowed: readonly string[] },
): Promise<string[]> {
  const { credentials, doubtful } = await findPlaintext(texts);
  const names = (found: readonly Plaintext[]) => [...new Set(found.map(({ name }) => name))];
  const stopping = credentials.filter(({ name }) => !allowed.includes(name));
  if (stopping.length > 0) {
    const shown = stopping.slice(0, SHOWN_MOST);
    const more = stopping.length - shown.length;
    const place = `--app ${app}${environment === undefined ? "" : ` --environment ${environment}`}`;
    throw refuse("compose.plaintext", {
      detail: `${shown.map(({ path, line, place, name, what }) => `${path}:${line} ${place}.${name} is ${what}`).join("; ")}${more > 0 ? `; and ${more} more` : ""}.`,
      next: names(shown).map((name) => `berth secret set ${variableOf(name)} ${place}`),
    });
  }
  const known = names(credentials);
  const maybe = names(doubtful).filter((name) => !allowed.includes(name));
  return [
    ...(known.length > 0 ? [`Allowed in a Compose file: ${known.join(", ")}`] : []),
    ...(maybe.length > 0
      ? [`For everybody to read in a Compose file: ${maybe.join(", ")}; \`berth secret set\` keeps such values sealed`]
      : []),
  ];
}

/** A name for a secret: of an argument such as --requirepass too. */
const variableOf = (name: string) => name.replaceAll(/[^A-Za-z0-9_]/g, "_").toUpperCase();

interface Value {
  readonly name: string;
  readonly place: readonly string[];
  readonly line: number;
  /** Without what refers to variables. */
  readonly text: string;
}

/** Credentials among the values of Compose files, by path and text: by the rules of secretlint, else by their name and how random they are. */
export async function findPlaintext(texts: Iterable<readonly [path: string, text: string | undefined]>): Promise<Found> {
  const credentials: Plaintext[] = [];
  const doubtful: Plaintext[] = [];
  for (const [path, text = ""] of texts) {
    const values = valuesIn(text);
    const known = await judged(values);
    for (const [i, value] of values.entries()) {
      const { name, place, line } = value;
      const found = (what: string): Plaintext => ({ name, path, line, place: place.join("."), what });
      const secret = secretIn(value);
      const what = known.get(i) ?? (secret && isStrong(secret.text) ? secret.what : randomIn(value));
      if (what !== undefined) credentials.push(found(what));
      else if (secret) doubtful.push(found(secret.what));
    }
  }
  return { credentials, doubtful };
}

/** A file that is no YAML has none: it is refused elsewhere. */
function valuesIn(text: string): Value[] {
  const lines = new LineCounter();
  const values: Value[] = [];
  const add = (node: Node, name: string, place: readonly string[], whole: string) => {
    const from = node.range ? lines.linePos(node.range[0]).line : 1;
    values.push({ name, place, line: from, text: withoutVariables(whole) });
  };
  const walk = (node: unknown, place: readonly string[]): void => {
    if (isMap(node))
      for (const { key, value } of node.items) {
        const name = String(isScalar(key) ? key.value : key);
        if (!isScalar(value)) walk(value, [...place, name]);
        else {
          add(value, name, place, textOf(value.value));
          addFlags(textOf(value.value), value, [...place, name]);
        }
      }
    if (!isSeq(node)) return;
    if (node.items.every(isScalar)) addFlags(node.items.map((item) => textOf(item.value)).join(" "), node, place);
    for (const item of node.items)
      if (isScalar(item)) addAssigned(item, textOf(item.value), place);
      else walk(item, place);
  };
  const addAssigned = (node: Node, whole: string, place: readonly string[]) => {
    const [, name = place.at(-1) ?? "", value = whole] = /^(\w[\w.-]{0,63})=(?!=*$)(.*)$/s.exec(whole) ?? [];
    add(node, name, place, value);
  };
  const addFlags = (whole: string, node: Node, place: readonly string[]) => {
    for (const [, name = "", value = ""] of whole.matchAll(/(?:^|\s)--?([a-zA-Z][\w-]{1,60})[= ]["'\\]*([^\s"'\\-][^\s"'\\]*)/g))
      if (isSecretName(name)) add(node, name, place, value);
  };
  for (const document of parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, logLevel: "silent" }))
    walk(document.contents, []);
  return values;
}

const textOf = (value: unknown) => (value === null || typeof value === "boolean" ? "" : String(value));
const withoutVariables = (text: string) => text.replaceAll(/\$\{[^{}]{0,1000}\}|\$\w+/g, "");

/** What secretlint's rules say of each value, by its number. */
async function judged(values: readonly Value[]): Promise<Map<number, string>> {
  const starts: number[] = [];
  let content = "";
  for (const { name, text } of values) {
    starts.push(content.length);
    content += `${name}=${text}\n`;
  }
  const { messages } = await lintSource({
    source: { filePath: "compose.env", ext: ".env", contentType: "text", content },
    options: { noPhysicFilePath: true, config: { rules: [{ id: recommended.meta.id, rule: recommended }] } },
  });
  return new Map(
    messages.map(({ range: [from], ruleId }) => [
      starts.findLastIndex((start) => start <= from),
      `a credential (${ruleId.replace(/^.*secretlint-rule-/, "")})`,
    ]),
  );
}

const SECRET =
  /pass(word|wd|phrase|code)?$|pwd$|secret|token|credential|api_?key|access_?key|private_?key|signing_?key|encryption_?key|auth_?key|master_?key|_salt$/;
/** It says something about a secret, and is none. */
const ABOUT =
  /(file|path|dir|url|uri|host|domain|name|user|id|ttl|expiry|expiration|expires(_in)?|lifetime|seconds|minutes|days|length|algorithm|alg|method|type|mode|provider|issuer|header|policy|enabled|required|endpoint|audience|prefix|version|hash|public_?key|limit|count)$/;

function isSecretName(name: string): boolean {
  const plain = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[-.]/g, "_")
    .toLowerCase();
  return SECRET.test(plain) && !ABOUT.test(plain);
}

/** Neither empty, a word for yes or no, a path, nor an address without a password. */
const isValue = (text: string) =>
  text.length > 0 &&
  !/^(true|false|yes|no|on|off|none|null|disabled?|enabled?)$/i.test(text) &&
  !/^\.{0,2}\//.test(text) &&
  !/^[a-z][a-z0-9+.-]*:\/\/[^@]*$/i.test(text);

/** What stands where a secret is expected: under a name of one, or as the password of an address. */
function secretIn({ name, text }: Value): { readonly text: string; readonly what: string } | undefined {
  const [, password] = /[a-z]:\/\/[^\s:/@]*:([^\s/@]+)@/i.exec(text) ?? [];
  if (password !== undefined) return { text: password, what: "the password of an address" };
  return isSecretName(name) && isValue(text) ? { text, what: "a secret by its name" } : undefined;
}

/** More than a word such as "postgres" or "password". */
const isStrong = (text: string) => text.length >= 8 && bitsOf(text) * text.length >= 28;

/** Letters that only chance writes, given to a program. */
function randomIn({ text, place }: Value): string | undefined {
  const given = place.includes("environment") || place.includes("args");
  const mixed = /^[\w+/=-]{24,}$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
  return given && mixed && bitsOf(text) >= 4.2 ? "random letters" : undefined;
}

/** Shannon's bits a letter, by how often each is in the text. */
function bitsOf(text: string): number {
  const times = new Map<string, number>();
  for (const letter of text) times.set(letter, (times.get(letter) ?? 0) + 1);
  return [...times.values()].reduce((sum, n) => sum - (n / text.length) * Math.log2(n / text.length), 0);
}
