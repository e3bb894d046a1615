import { readFileSync } from "node:fs";
import { modules } from "./runner/modules.ts";

// Replaced by the script's text when bundling (esbuild: define), since a bundle has no files beside it.
declare const __RUNNER__: string | undefined;

export const runner: string = typeof __RUNNER__ === "string" ? __RUNNER__ : modules.map(partOf).join("\n");

export function partOf(name: (typeof modules)[number]): string {
  return readFileSync(new URL(`./runner/${name}.sh`, import.meta.url), "utf8");
}
