import { chmod, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));

/**
 * Bundles the CLI into one executable file that needs nothing but Node 20 or newer. `BERTH_DEFAULT_URL` in the environment is the service
 * it logs in to when nobody names one.
 */
export async function buildCli(outfile = join(folder, "dist", "berth.mjs")): Promise<string> {
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  const common: BuildOptions = {
    bundle: true,
    platform: "node",
    target: "node20",
    // Names stay, so that a stack trace in a bug report can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "error",
    define: {
      BERTH_VERSION: JSON.stringify(version),
      BERTH_DEFAULT_URL: JSON.stringify(process.env.BERTH_DEFAULT_URL ?? ""),
    },
  };
  const inside = await build({
    ...common,
    entryPoints: [join(folder, "src", "run.ts")],
    format: "cjs",
    supported: { "dynamic-import": false },
    // The package's own ES modules can be cut down to what is used; what it offers to Node cannot.
    alias: { yaml: join(folder, "..", "..", "node_modules", "yaml", "browser", "index.js") },
    write: false,
  });
  const [code] = inside.outputFiles ?? [];
  if (!code) throw new Error("esbuild gave no output");
  await build({ ...common, entryPoints: [join(folder, "src", "main.ts")], outfile, format: "esm", plugins: [asText(code.text)] });
  await chmod(outfile, 0o755);
  return outfile;
}

/**
 * Everything but the entry as a string that is compiled when it is needed, in place of ./run.ts: a string is read over much faster than
 * code, and `berth --version` needs none of it.
 */
const asText = (code: string): Plugin => ({
  name: "as-text",
  setup(to) {
    to.onResolve({ filter: /^\.\/run\.ts$/ }, () => ({ path: "run", namespace: "text" }));
    to.onLoad({ filter: /.*/, namespace: "text" }, () => ({
      resolveDir: folder,
      contents: `
        import { createRequire } from "node:module";
        import { runInThisContext } from "node:vm";
        const code = ${JSON.stringify(`(function(require,module){${code}\n})`)};
        const module = { exports: {} };
        runInThisContext(code, { filename: "berth.js" })(createRequire(import.meta.url), module);
        export const run = module.exports.run;
      `,
    }));
  },
});

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${await buildCli()}\n`);
