import { chmod, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));

/**
 * Bundles the CLI into one executable file that needs nothing but Node 20 or newer. `BERTH_DEFAULT_URL` in the environment is the service
 * it logs in to when nobody names one.
 */
export async function buildCli(outfile = join(folder, "dist", "berth.mjs")): Promise<string> {
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  await build({
    entryPoints: [join(folder, "src", "main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Names stay, so that a stack trace in a bug report can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    // The package's own ES modules; for Node it would offer CommonJS, which one file of ES modules cannot hold.
    alias: { yaml: join(folder, "..", "..", "node_modules", "yaml", "browser", "index.js") },
    legalComments: "none",
    logLevel: "warning",
    define: {
      BERTH_VERSION: JSON.stringify(version),
      BERTH_DEFAULT_URL: JSON.stringify(process.env.BERTH_DEFAULT_URL ?? ""),
    },
  });
  await chmod(outfile, 0o755);
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${await buildCli()}\n`);
