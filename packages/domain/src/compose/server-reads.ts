import { type ComposeFile, isFields } from "./file.ts";
import { isElsewhere } from "./path.ts";

/** Where a Compose file names files that Compose reads when it only resolves it. */
const keys = new Set(["include", "extends", "env_file", "label_file"]);

/**
 * What Compose on the server would read besides the release's own files, as it is written: looked for in all that was sent, also where another file
 * takes it back. Undefined when there is nothing.
 */
export function readOnServer({ parts, partial }: ComposeFile): string | undefined {
  for (const { path, documents, odd } of parts) {
    if (odd) return `a file that only Compose finds in ${path}`;
    const found = find(documents, false);
    if (found !== undefined) return found;
  }
  return partial ? "a file that was not sent" : undefined;
}

function find(value: unknown, named: boolean): string | undefined {
  if (typeof value === "string") return named && leaves(value) ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const found = find(each, named || (isFields(value) && keys.has(key)));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A variable in it may be anything, and Compose takes a repository for one without a scheme too. */
const leaves = (path: string) => isElsewhere(path) || /[$:\\]|^github\.com\//i.test(path) || path.split("/").includes("..");
