import { readFileSync } from "node:fs";
import { modules } from "./runner/modules.ts";

// A bundler replaces the name by the script's text (esbuild: define), since a bundle has no file beside it.
declare const __RUNNER__: string | undefined;

/** The script that does a run's work on the server. The same bytes for every server, job and release. */
export const runner: string = typeof __RUNNER__ === "string" ? __RUNNER__ : modules.map(partOf).join("\n");

export function partOf(name: (typeof modules)[number]): string {
  return readFileSync(new URL(`./runner/${name}.sh`, import.meta.url), "utf8");
}
