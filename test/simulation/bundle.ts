import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Mutant } from "./mutant.ts";

const root = new URL("../..", import.meta.url).pathname;

/** The repository's files as they are, but for a mutant's one change. @throws when the text to change is not there exactly once */
const changing = (mutant: Mutant): Plugin => ({
  name: "mutant",
  setup({ onLoad }) {
    const path = join(root, mutant.file);
    onLoad({ filter: /\.ts$/ }, (asked) => {
      if (asked.path !== path) return undefined;
      const parts = readFileSync(path, "utf8").split(mutant.find);
      if (parts.length !== 2) throw new Error(`${mutant.name}: found ${parts.length - 1} times in ${mutant.file}`);
      return { contents: parts.join(mutant.replace), loader: "ts" };
    });
  },
});

/** Production code and simulation as one file, which starts fast; answers its path. With a mutant, that change is made in it. */
export async function bundleSimulation(name: string, mutant?: Mutant): Promise<string> {
  const folder = join(root, ".cache/simulation");
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(root, "test/simulation/share.ts")],
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
