import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Mutant } from "./mutant.ts";

export const root = new URL("../..", import.meta.url).pathname;

/** The text of the mutant's file with its change. @throws when what it changes is not there exactly once */
export function mutate({ name, file, find, replace }: Mutant, text: string): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${name}: found ${parts.length - 1} times in ${file}`);
  return parts.join(replace);
}

/** The repository's files as they are, but for a mutant's one change. */
const changing = (mutant: Mutant): Plugin => ({
  name: "mutant",
  setup({ onLoad }) {
    const path = join(root, mutant.file);
    onLoad({ filter: /\.ts$/ }, (asked) => {
      return asked.path === path ? { contents: mutate(mutant, readFileSync(path, "utf8")), loader: "ts" } : undefined;
    });
  },
});

/** Production code and simulation as one file, which starts fast; answers its path. With a mutant, that change is made in it. */
export async function bundleSimulation(name: string, mutant?: Mutant, entry = "worker-thread.ts"): Promise<string> {
  const folder = join(root, ".cache/simulation");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(root, "test/simulation", entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    logLevel: "silent",
    plugins: [
      ...(mutant ? [changing(mutant)] : []),
      {
        // What is installed stays outside; the workspaces are links into it and come in.
        name: "installed",
        setup({ onResolve }) {
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === "entry-point" || path.startsWith("@berth/") ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  return outfile;
}
