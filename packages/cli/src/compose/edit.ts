import { type Document, isMap, isScalar, isSeq, type Pair, parseAllDocuments, type YAMLMap } from "yaml";
import { foreignOfService, foreignOfVolume } from "./faults.ts";

/** Changes to a Compose file's text that leave everything else in it as it is: comments, order, quotes. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const apply = (text: string, edits: readonly Edit[]): string =>
  edits
    .toSorted((a, b) => b.from - a.from)
    .reduce((now, { from, to, text: by }) => now.slice(0, from) + by + now.slice(to), text);

const documentsOf = (text: string): Document[] => {
  const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: "error" });
  return Array.isArray(documents) ? documents : [];
};

/** Declares volumes at the top, after those that are declared. */
export function withVolumes(text: string, names: readonly string[]): string {
  if (names.length === 0) return text;
  const top = documentsOf(text)
    .flatMap(({ contents }) => (isMap(contents) ? contents.items : []))
    .find(({ key }) => isScalar(key) && key.value === "volumes");
  const lines = (indent: string) => names.map((name) => `${indent}${name}:\n`).join("");
  const { value } = top ?? {};
  if (isMap(value) && value.items.length > 0 && !value.flow) {
    const [start, end] = [startOf(value.items[0]), endOfPair(value.items.at(-1))];
    const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
    const at = lineEnd(text, end);
    return apply(text, [{ from: at, to: at, text: `${text[at - 1] === "\n" ? "" : "\n"}${lines(indent)}` }]);
  }
  if (isMap(value) && value.flow) {
    const [from, to] = [value.range?.[0] ?? 0, value.range?.[1] ?? 0];
    const inside = text
      .slice(from + 1, to - 1)
      .trim()
      .replace(/,$/, "");
    return apply(text, [
      { from, to, text: `{${[...(inside === "" ? [] : [inside]), ...names.map((name) => `${name}: {}`)].join(", ")}}` },
    ]);
  }
  if (top) {
    const at = lineEnd(text, (isScalar(top.key) && top.key.range?.[1]) || 0);
    return apply(text, [{ from: at, to: at, text: `${text[at - 1] === "\n" ? "" : "\n"}${lines("  ")}` }]);
  }
  const newline = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${newline}\nvolumes:\n${lines("  ")}`;
}

export interface MountedFile {
  readonly source: string;
  readonly content: string;
  readonly executable: boolean;
}

export interface Dropped {
  readonly service: string;
  readonly key: string;
  /** What it said, for a file that is mounted: the file's path as written, and its content. */
  readonly file?: MountedFile;
}

/** Takes out the keys that another tool reads and Compose refuses. */
export function withoutForeign(text: string): { text: string; dropped: readonly Dropped[] } {
  const edits: Edit[] = [];
  const dropped: Dropped[] = [];
  const drop = (map: YAMLMap, keys: ReadonlySet<string>, service: string) => {
    const own = map.items.filter(({ key }) => isScalar(key) && keys.has(String(key.value)));
    if (own.length === map.items.length) return;
    for (const pair of own) {
      edits.push(removal(text, map, pair));
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const [source, content] = [map.get("source"), map.get("content")];
      const isFile = key === "content" && typeof source === "string" && typeof content === "string";
      const executable = /[1357]$/.test(String(map.get("mode")));
      dropped.push({ service, key, ...(isFile && { file: { source, content, executable } }) });
    }
  };
  for (const { contents } of documentsOf(text)) {
    const services = isMap(contents) ? contents.get("services") : undefined;
    for (const { key, value } of isMap(services) ? services.items : []) {
      if (!isMap(value)) continue;
      const service = String(isScalar(key) ? key.value : key);
      drop(value, foreignOfService, service);
      const mounts = value.get("volumes");
      for (const mount of isSeq(mounts) ? mounts.items : []) if (isMap(mount)) drop(mount, foreignOfVolume, service);
    }
  }
  return { text: apply(text, joined(edits)), dropped };
}

/** What two edits both take out is taken out once. */
function joined(edits: readonly Edit[]): Edit[] {
  const all: Edit[] = [];
  for (const edit of edits.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last && edit.from < last.to) all[all.length - 1] = { ...last, to: Math.max(last.to, edit.to) };
    else all.push(edit);
  }
  return all;
}

const startOf = (pair: Pair | undefined): number => (isScalar(pair?.key) && pair.key.range?.[0]) || 0;

function endOfPair(pair: Pair | undefined): number {
  const value = pair?.value as { range?: [number, number, number] } | null | undefined;
  return value?.range?.[1] ?? ((isScalar(pair?.key) && pair.key.range?.[1]) || 0);
}

/** After the line's end, from anywhere in it or from the beginning of the next. */
function lineEnd(text: string, at: number): number {
  if (text[at - 1] === "\n") return at;
  const newline = text.indexOf("\n", at);
  return newline < 0 ? text.length : newline + 1;
}

function removal(text: string, map: YAMLMap, pair: Pair): Edit {
  const at = map.items.indexOf(pair);
  const from = startOf(pair);
  const end = endOfPair(pair);
  if (map.flow) {
    const next = map.items[at + 1];
    if (next) return { from, to: startOf(next), text: "" };
    return { from: endOfPair(map.items[at - 1]), to: end, text: "" };
  }
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  if (text.slice(lineStart, from).trim() === "") return { from: lineStart, to: lineEnd(text, end), text: "" };
  // The first key of an item in a list: the next one comes to its place after the dash.
  const rest = /\S/.exec(text.slice(lineEnd(text, end)));
  return { from, to: lineEnd(text, end) + (rest?.index ?? 0), text: "" };
}
