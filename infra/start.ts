import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";

type Outputs = Metafile["outputs"];

/** Files of a bundle that a start reads, its entry first. Dynamic imports are not followed. */
export function startFiles(outputs: Outputs): string[] {
  const entry = Object.keys(outputs).find((file) => basename(file) === "index.mjs");
  if (!entry) throw new Error("the bundle has no index.mjs");
  const seen = new Set<string>();
  const follow = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === "import-statement" && outputs[path]) follow(path);
  };
  follow(entry);
  return [...seen];
}

const atFirstUse: Plugin = {
  name: "at first use",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\// }, ({ path, kind }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

const exporting = (names: readonly string[], file: string) =>
  names.length > 0 ? `export{${names.join(",")}}from"./${basename(file)}";` : `import"./${basename(file)}";`;

/**
 * Joins the files of a folder that a start reads into its `index.mjs`: splitting makes some forty, and finding, opening and linking them takes
 * Node longer than running them. Each of the others stays as a line that gives its exports from there, for what is imported at its first use.
 * Answers the outputs as they are then.
 */
export async function joinStart(options: BuildOptions, folder: string, outputs: Outputs): Promise<Outputs> {
  const [entry = "", ...others] = startFiles(outputs);
  const exportsOf = (file: string) => outputs[file]?.exports ?? [];
  const joined = (at: number) => (name: string) => `${name} as from${at}_${name}`;
  const contents = [
    exporting(exportsOf(entry), entry),
    ...others.map((file, at) => exporting(exportsOf(file).map(joined(at)), file)),
  ].join("\n");
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: [],
    stdin: { contents, resolveDir: folder },
    splitting: false,
    plugins: [atFirstUse],
    logLevel: "error", // the first pass has warned of what is in the sources
    metafile: true,
    write: false,
  });
  const [{ text = "" } = {}] = outputFiles;
  const [{ imports = [] } = {}] = Object.values(metafile.outputs);
  const inputs = Object.assign({}, ...[entry, ...others].map((file) => outputs[file]?.inputs));
  const put = (file: string, code: string, rest: Pick<Outputs[string], "imports" | "inputs">) => {
    writeFileSync(join(folder, basename(file)), code);
    return [file, { ...outputs[file], ...rest, bytes: Buffer.byteLength(code) }];
  };
  return {
    ...outputs,
    ...Object.fromEntries([
      put(entry, text, { imports, inputs }),
      ...others.map((file, at) =>
        put(
          file,
          exporting(
            exportsOf(file).map((name) => `from${at}_${name} as ${name}`),
            entry,
          ),
          {
            imports: [{ path: entry, kind: "import-statement" }],
            inputs: {},
          },
        ),
      ),
    ]),
  };
}
