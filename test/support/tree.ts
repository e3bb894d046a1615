import { type Source, sourcesOf } from "./source.ts";

export const code = sourcesOf("{functions,infra,packages,scripts,test}/**/*.{ts,tsx}");
export const below = (...folders: string[]) => code.filter(({ path }) => folders.some((folder) => path.startsWith(folder)));
/** The cloud on one machine and its engines. */
export const local = /^packages\/local(-\w+)?\//;

/** `file -> import` for every import that a rule refuses. */
export const broken = (sources: readonly Source[], refused: (to: string, typeOnly: boolean, path: string) => boolean) =>
  sources.flatMap(({ path, imports }) =>
    imports.filter(({ to, typeOnly }) => refused(to, typeOnly, path)).map(({ to }) => `${path} -> ${to}`),
  );
