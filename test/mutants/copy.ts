import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { mutate, root } from "../simulation/bundle.ts";
import type { Mutant } from "./mutant.ts";

const left = new Set(["node_modules", ".git", ".cache", ".berth", ".lab", "cdk.out", "dist"]);

export interface Copy {
  readonly folder: string;
  /** Changes the copy, does the work, and changes it back. */
  with<T>(mutants: readonly Mutant[], work: () => Promise<T>): Promise<T>;
  remove(): void;
}

/** A copy of the tree with what is installed linked into it; the workspaces are the copy's own. */
export function copyTree(): Copy {
  const folder = mkdtempSync(join(tmpdir(), "berth-mutants-"));
  cpSync(root, folder, {
    recursive: true,
    filter: (path) =>
      !relative(root, path)
        .split("/")
        .some((part) => left.has(part)),
  });
  link("node_modules");
  for (const each of readdirSync(join(root, "packages"))) link(`packages/${each}/node_modules`);

  function link(modules: string): void {
    const names = entries(join(root, modules)).filter((name) => !name.startsWith(".vite"));
    if (names.length > 0) mkdirSync(join(folder, modules), { recursive: true });
    for (const name of names)
      if (name !== "@berth") symlinkSync(join(root, modules, name), join(folder, modules, name));
      // Links of their own, relative as the originals: they lead to the copy's packages.
      else cpSync(join(root, modules, name), join(folder, modules, name), { recursive: true, verbatimSymlinks: true });
  }

  return {
    folder,
    async with(mutants, work) {
      const originals = new Map<string, string>();
      try {
        for (const mutant of mutants) {
          const path = join(folder, mutant.file);
          const text = readFileSync(path, "utf8");
          if (!originals.has(path)) originals.set(path, text);
          writeFileSync(path, mutate(mutant, text));
        }
        return await work();
      } finally {
        for (const [path, text] of originals) writeFileSync(path, text);
      }
    },
    // A test that was ended may still be writing.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
