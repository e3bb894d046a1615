import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type BuildOptions, buildSync, type Metafile } from "esbuild";
import { entryOf, type FunctionName } from "../functions/manifest.ts";
import { modules } from "../packages/domain/src/remote/runner/modules.ts";

const root = join(import.meta.dirname, "..");

/** The script that works on a server, joined as packages/domain/src/remote/runner.ts joins it. */
const runner = modules.map((name) => readFileSync(join(root, `packages/domain/src/remote/runner/${name}.sh`), "utf8")).join("\n");

/** What modules that came through CommonJS still use and an ES module does not have: `require` of Node's own, and where they are. */
const commonJs =
  `const require=name=>{const found=process.getBuiltinModule(name);if(found)return found;throw new Error("Cannot find module "+name)},` +
  `__filename=import.meta.filename,__dirname=import.meta.dirname;\n`;
const usesCommonJs = /\brequire\b|\b__(file|dir)name\b/;

/**
 * How every function is bundled. ES modules with splitting: what is imported at its first use is a file of its own, and a start reads
 * only the rest. The reasons and sizes are in docs/decisions/0008-bundles-by-esbuild-itself.md.
 */
const bundleOptions = (name: FunctionName, folder: string) =>
  ({
    absWorkingDir: root,
    entryPoints: [{ in: entryOf(name), out: "index" }],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Their ES modules, of which unused parts can be left out; `platform: node` would take the CommonJS ones.
    mainFields: ["module", "main"],
    alias: {
      "@aws-sdk/credential-provider-node": "./packages/aws/src/lambda-credentials.ts",
      "@aws-sdk/endpoint-cache": "./packages/aws/src/endpoint-cache.ts",
    },
    // Native parts of ssh2 that it does without.
    external: ["cpu-features", "*.node"],
    define: { __RUNNER__: JSON.stringify(runner) },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    write: false,
  }) as const satisfies BuildOptions;

/** Bundles a function into a folder of its own, exactly as it is deployed. Lambda's name for its entry is `index.handler`. */
export function bundle(name: FunctionName, folder: string): Metafile {
  const { outputFiles, metafile } = buildSync(bundleOptions(name, folder));
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of outputFiles) {
    const head = usesCommonJs.test(text) ? commonJs : "";
    writeFileSync(path, head + text);
    const output = metafile.outputs[relative(root, path)];
    if (output) output.bytes += head.length;
  }
  return metafile;
}
