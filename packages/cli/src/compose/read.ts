import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { type Composed, type Images, readComposed } from "@berth/domain/compose/compose.ts";
import type { Lookup } from "@berth/domain/compose/template.ts";
import type { Sources } from "@berth/domain/compose/texts.ts";
import { type CatalogueEntry, catalogue, Problem } from "@berth/domain/error.ts";
import { Refused } from "../refusal.ts";
import type { Project } from "./project.ts";
import { readComposeText } from "./text.ts";

export interface WholeProject {
  readonly composed: Composed;
  /** What was read of the folder, as text. */
  readonly texts: ReadonlyMap<string, string | undefined>;
}

/** The project with all that its Compose files include and extend. @throws Refused compose.invalid, compose.unsupported */
export async function readWhole(project: Project, get: Lookup, images: Images): Promise<WholeProject> {
  const { found, texts } = await readAll(project, (sources) => read(sources, get, images));
  return { composed: found, texts };
}

/** Reads again and again, each time with the files that were asked for and not at hand. */
export async function readAll<T>(
  { folder, files }: Project,
  read: (sources: Sources) => T,
): Promise<{ found: T; texts: ReadonlyMap<string, string | undefined> }> {
  const texts = new Map<string, string | undefined>(files.map(({ path, text }) => [path, text]));
  for (;;) {
    const wanted = new Set<string>();
    const text = (path: string) => {
      if (!texts.has(path)) wanted.add(path);
      return texts.get(path);
    };
    const found = read({ files: files.map(({ path }) => path), text });
    if (wanted.size === 0) return { found, texts };
    for (const path of wanted) texts.set(path, await readBelow(folder, path));
  }
}

/** A text below the folder. What is outside of it or not there is refused where the files are gathered. */
async function readBelow(folder: string, path: string): Promise<string | undefined> {
  const root = await realpath(folder);
  const real = await realpath(resolve(root, path)).catch((error: NodeJS.ErrnoException) => {
    if (["EACCES", "ELOOP", "ENOENT", "ENOTDIR"].includes(error.code ?? "")) return "";
    throw error;
  });
  return real.startsWith(root + sep) ? readComposeText(real) : undefined;
}

/** The service's own judgement, before anything is made there. */
function read(sources: Sources, get: Lookup, images: Images): Composed {
  try {
    return readComposed(sources, get, { images });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, detail, facts } = error;
    const { title, hint } = catalogue[code] as CatalogueEntry;
    const where = sources.files.join(", ");
    throw new Refused(
      { ...facts, code, title, detail: `${where}: ${detail ?? title}`, ...(hint !== undefined && { hint }) },
      error,
    );
  }
}
