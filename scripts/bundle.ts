import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Metafile } from "esbuild";
import { type FunctionName, functions } from "../functions/manifest.ts";
import { bundle } from "../infra/bundle.ts";
import { startFiles } from "../infra/start.ts";

export interface BundleSize {
  readonly name: FunctionName;
  /** Bytes a start reads: the entry and what it imports statically. */
  readonly startBytes: number;
  /** The same, compressed. */
  readonly startGzipBytes: number;
  /** All files, with those read at their first use. */
  readonly totalBytes: number;
  readonly metafile: Metafile;
  /** The folder with `index.mjs`. */
  readonly folder: string;
}

/** Bundles a function as it is deployed, into a folder below the one given, and measures it. */
export async function measureBundle(name: FunctionName, below: string): Promise<BundleSize> {
  const folder = join(below, name);
  const metafile = await bundle(name, folder);
  const start = startFiles(metafile.outputs);
  const bytes = (files: readonly string[]) => files.reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? 0), 0);
  const texts = start.map((file) => readFileSync(join(folder, file.slice(file.lastIndexOf("/") + 1))));
  return {
    name,
    startBytes: bytes(start),
    startGzipBytes: texts.reduce((sum, text) => sum + gzipSync(text).length, 0),
    totalBytes: bytes(Object.keys(metafile.outputs)),
    metafile,
    folder,
  };
}

/** What a function's environment has to hold for its module to load; nothing is called. */
export const loadEnvironment = {
  STAGE: "test",
  ORIGIN: "https://berth.example",
  SUPPORT: "support@berth.example",
  ACCOUNT: "999988887777",
  TABLE: "t",
  KEY_ID: "k",
  JOBS_QUEUE: "https://queue.example/jobs",
  MAIL_QUEUE: "https://queue.example/mail",
  BILLING_QUEUE: "https://queue.example/billing",
  STRIPE_SECRET: "/s",
  MAIL_FROM: "berth@berth.example",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "x",
  AWS_SECRET_ACCESS_KEY: "x",
};

/** Lambda's global for streamed answers, as far as loading a module needs it. */
export const streamingGlobal = "globalThis.awslambda={streamifyResponse:(handler)=>handler};";

/** Milliseconds a fresh process takes to load the bundle: the median of `runs`. */
export function loadMilliseconds(folder: string, runs = 9): number {
  const program = `${streamingGlobal}const from=performance.now();await import(${JSON.stringify(join(folder, "index.mjs"))});console.log(performance.now()-from)`;
  const once = () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      env: loadEnvironment,
      encoding: "utf8",
    });
    // The end of it: Node shows the line that threw first, and a line of a bundle is all of it.
    if (status !== 0) throw new Error(`the bundle in ${folder} does not load: ${stderr.slice(-1000)}`);
    return Number(stdout);
  };
  const times = Array.from({ length: runs }, once).sort((a, b) => a - b);
  return times[Math.floor(runs / 2)] ?? Number.NaN;
}

if (import.meta.main) {
  const below = mkdtempSync(join(tmpdir(), "berth-bundles-"));
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0)} KB`.padStart(9);
  console.log(`${"function".padEnd(20)}    start     gzip    whole    files     load`);
  for (const name of Object.keys(functions) as FunctionName[]) {
    const { startBytes, startGzipBytes, totalBytes, folder } = await measureBundle(name, below);
    const files = String(readdirSync(folder).length).padStart(9);
    const load = `${loadMilliseconds(folder).toFixed(0)} ms`.padStart(9);
    console.log(`${name.padEnd(20)}${kilobytes(startBytes)}${kilobytes(startGzipBytes)}${kilobytes(totalBytes)}${files}${load}`);
  }
  rmSync(below, { recursive: true });
}
