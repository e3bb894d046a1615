import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { testOf } from "./mutant.ts";

export interface Outcome {
  /** Names of the tests that failed. */
  readonly failed: readonly string[];
  /** What kept a file of tests from running at all. */
  readonly broken: string | undefined;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Runs these files of tests in a copy of the tree, until the first that fails if `bail`. */
export async function runTests(folder: string, tests: readonly string[], { bail }: { bail: boolean }): Promise<Outcome> {
  const file = join(folder, "mutants-report.json");
  rmSync(file, { force: true });
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=json", `--outputFile.json=${file}`];
  const files = [...new Set(tests.map((each) => testOf(each).file))];
  const words = tests.map((each) => testOf(each).words);
  // Of a file that is named as a whole all tests count.
  const named = words.includes(undefined) ? [] : ["--testNamePattern", words.map(escaped).join("|")];
  const said = await run(folder, [...vitest, ...named, ...(bail ? ["--bail", "1"] : []), ...files]);
  let report: Report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`vitest gave no report of ${tests.join(" ")}:\n${said.slice(-2000)}`, { cause: error });
  }
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
  );
  const broken = report.testResults.find(({ status, message }) => status === "failed" && message !== "");
  return { failed, broken: failed.length > 0 ? undefined : broken?.message.split("\n")[0] };
}

/** Node in that folder; answers all it said. */
const run = (cwd: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("error", reject);
    child.on("close", () => resolve(said));
  });

const escaped = (text = "") => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
