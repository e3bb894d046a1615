import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mutate, root } from "./bundle.ts";
import type { Mutant } from "./mutant.ts";

const below = [
  "packages/aws",
  "packages/domain",
  "packages/local",
  "packages/local-dynamodb",
  "packages/local-s3",
  "functions",
  "test/simulation",
  "test/support",
];

/** A copy of the code in which mutants are shown to the type checker: one that it rejects is no mistake that anybody could ship. */
export function createChecker(name: string) {
  const folder = join(root, ".cache/simulation", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const each of below) cpSync(join(root, each), join(folder, each), { recursive: true });
  const config = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as object;
  const include = ["packages/domain", "functions", "test/simulation/worker-thread.ts"];
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...config, include, exclude: [] }));
  const check = () => {
    const { stdout, error } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    if (error) throw error;
    return stdout.split("\n").filter((line) => line.includes("error TS"));
  };
  return {
    /** What the type checker says against mutants of different files; nothing if it is content. */
    rejects(...mutants: readonly Mutant[]): string[] {
      const changed = mutants.map((mutant) => {
        const path = join(folder, mutant.file);
        return { path, original: readFileSync(path, "utf8"), mutant };
      });
      for (const { path, original, mutant } of changed) writeFileSync(path, mutate(mutant, original));
      try {
        return check();
      } finally {
        for (const { path, original } of changed) writeFileSync(path, original);
      }
    },
    errors: check,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
