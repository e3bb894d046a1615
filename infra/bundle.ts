import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { entryOf, type FunctionName } from "../functions/manifest.ts";
import { modules } from "../packages/domain/src/remote/runner/modules.ts";
import { joinStart } from "./start.ts";

const root = join(import.meta.dirname, "..");

/** The script that works on a server, joined as packages/domain/src/remote/runner.ts joins it. */
const runner = modules.map((name) => readFileSync(join(root, `packages/domain/src/remote/runner/${name}.sh`), "utf8")).join("\n");

/** A script of the channel over SSM (packages/domain/src/remote/ssm/scripts.ts). */
const ssmScript = (name: string) => JSON.stringify(readFileSync(join(root, `packages/domain/src/remote/ssm/${name}.sh`), "utf8"));

/** What modules that came through CommonJS still use and an ES module does not have: `require` of Node's own, and where they are. */
const commonJs =
  `const require=name=>{const found=process.getBuiltinModule(name);if(found)return found;throw new Error("Cannot find module "+name)},` +
  `__filename=import.meta.filename,__dirname=import.meta.dirname;\n`;
const usesCommonJs = /\brequire\b|\b__(file|dir)name\b/;

/**
 * Every schema of zod carries what makes a JSON Schema of it, 21 KB that only the documentation of the API uses. That is written from
 * source (scripts/openapi.ts); in a function these do nothing but say so.
 */
const withoutJsonSchema: Plugin = {
  name: "without JSON Schema",
  setup({ onLoad }) {
    const names = {
      "to-json-schema": ["initializeContext", "handleUnrepresentable", "processSchema", "process", "extractDefs", "finalize"],
      "json-schema-processors": ["toJSONSchema"],
    };
    const refuse = `() => { throw new Error("a function makes no JSON Schema"); }`;
    const methods = ["createToJSONSchemaMethod", "createStandardJSONSchemaMethod"];
    onLoad({ filter: /\/zod\/v4\/core\/(to-json-schema|json-schema-processors)\.js$/ }, ({ path }) => ({
      contents: path.includes("processors")
        ? [
            ...names["json-schema-processors"].map((name) => `export const ${name} = ${refuse};`),
            "export const allProcessors = {};",
          ].join("\n")
        : [
            ...names["to-json-schema"].map((name) => `export const ${name} = ${refuse};`),
            ...methods.map((name) => `export const ${name} = () => ${refuse};`),
          ].join("\n"),
    }));
  },
};

/** Of its package.json a client uses the version alone, and SHA-256 in JavaScript is for a Node without its own. */
const lessOfAws: Plugin = {
  name: "less of AWS's clients",
  setup({ onLoad }) {
    onLoad({ filter: /\/@aws-sdk\/client-[^/]+\/package\.json$/ }, ({ path }) => ({
      contents: JSON.stringify({ version: JSON.parse(readFileSync(path, "utf8")).version }),
      loader: "json",
    }));
    onLoad({ filter: /\/Sha256Js\.js$/ }, () => ({ contents: "export const Sha256Js = undefined;" }));
  },
};

/**
 * The client of S3 is a bundle of its own, beside the others: what it shares with the client of DynamoDB would else be read at every start,
 * with all that only S3 needs of it.
 */
const ALONE = "packages/aws/src/s3.ts";
const apart: Plugin = {
  name: "S3 apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/s3\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./s3.mjs", external: true } : undefined,
    );
  },
};

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
    define: { __RUNNER__: JSON.stringify(runner), __DOOR__: ssmScript("door"), __SERVE__: ssmScript("serve") },
    legalComments: "none",
    logLevel: "warning",
    logOverride: { "import-is-undefined": "silent" }, // of the emptied modules
    plugins: [withoutJsonSchema, lessOfAws, apart],
    metafile: true,
  }) as const satisfies BuildOptions;

/** Bundles a function into a folder of its own, exactly as it is deployed. Lambda's name for its entry is `index.handler`. */
export async function bundle(name: FunctionName, folder: string): Promise<Metafile> {
  const options = bundleOptions(name, folder);
  const { inputs, outputs: split } = (await build(options)).metafile;
  const outputs = await joinStart(options, folder, split);
  if (Object.values(split).some(({ imports }) => imports.some(({ path }) => path === "./s3.mjs"))) {
    const s3 = await build({ ...options, entryPoints: [{ in: ALONE, out: "s3" }], splitting: false });
    Object.assign(outputs, s3.metafile.outputs);
  }
  for (const [path, output] of Object.entries(outputs)) {
    const text = readFileSync(join(root, path), "utf8");
    if (!usesCommonJs.test(text)) continue;
    writeFileSync(join(root, path), commonJs + text);
    output.bytes += commonJs.length;
  }
  return { inputs, outputs };
}
