import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface Import {
  /** The file it leads to, or the package's name with `node:` modules as they are written. */
  readonly to: string;
  /** Nothing of it remains when types are taken away. */
  readonly typeOnly: boolean;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const statement = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?((?:[^"';]*?)\s+from\s+)?"([^"]+)"/g;
const dynamic = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** A workspace's own name for its files, as its package.json exports them. */
const workspace = /^@berth\/(api-client|aws|domain|cli|web|local|local-dynamodb|local-s3|local-stripe)\/(.+)$/;

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier));
  const own = workspace.exec(specifier);
  if (own) return `packages/${own[1]}/src/${own[2]}`;
  return specifier.startsWith("node:") ? specifier : specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** `{ type A, type B }` leaves nothing behind either. */
const onlyTypes = (clause: string | undefined) => {
  const names = /^\s*\{([^}]*)\}\s*from\s*$/.exec(clause ?? "")?.[1];
  return names?.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type ")) ?? false;
};

/** Imports of a module's text. A dynamic one that only a type is taken of, by `typeof`, leaves nothing behind. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  for (const [, type, clause, specifier] of text.matchAll(statement))
    if (specifier) found.push({ to: resolve(path, specifier), typeOnly: type !== undefined || onlyTypes(clause) });
  for (const match of text.matchAll(dynamic)) {
    const typeOnly = /(typeof\s+|:\s*|<\s*|=\s*typeof\s+)$/.test(text.slice(Math.max(0, match.index - 20), match.index));
    if (match[1]) found.push({ to: resolve(path, match[1]), typeOnly });
  }
  return found;
}

const skipped = /(^|\/)(node_modules|dist|cdk\.out|\.cache|\.berth|\.lab)\//;

/** Files of the repository that match, by path, without what is installed or made. */
export const filesOf = (...patterns: string[]): string[] =>
  patterns.flatMap((pattern) => globSync(pattern)).filter((path) => !skipped.test(`${path}/`));

/** The TypeScript files that match, with their imports. */
export const sourcesOf = (...patterns: string[]): Source[] =>
  filesOf(...patterns).map((path) => {
    const text = readFileSync(path, "utf8");
    return { path, text, imports: importsOf(path, text) };
  });

/** Comments of a TypeScript file, a line each, without its code. Text in quotes that looks like a comment counts as one. */
export const commentsOf = (text: string): string[] =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*$/gm)].map(([comment]) => comment);

/** Files that import each other in a circle, each circle as its sorted paths. */
export function circlesOf(sources: readonly Source[], counts: (each: Import) => boolean): string[][] {
  const paths = new Set(sources.map(({ path }) => path));
  const next = new Map(
    sources.map(({ path, imports }) => [path, imports.filter((each) => counts(each) && paths.has(each.to)).map(({ to }) => to)]),
  );
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>();
    const open = [...(next.get(from) ?? [])];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      open.push(...(next.get(path) ?? []));
    }
    return seen;
  };
  const below = new Map([...paths].map((path) => [path, reached(path)]));
  const circles = [...paths]
    .filter((path) => below.get(path)?.has(path))
    .map((path) => [...paths].filter((other) => below.get(path)?.has(other) && below.get(other)?.has(path)).sort());
  return [...new Map(circles.map((circle) => [circle.join(" "), circle])).values()];
}
