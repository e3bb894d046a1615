import { readFileSync } from "node:fs";

// A bundler replaces the name by the script's text (esbuild: define), since a bundle has no file beside it.
declare const __RUNNER__: string | undefined;

/** The script that does a run's work on the server. The same bytes for every server, job and release. */
export const runner: string =
  typeof __RUNNER__ === "string" ? __RUNNER__ : readFileSync(new URL("./runner.sh", import.meta.url), "utf8");
