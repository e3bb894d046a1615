import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { functions } from "../../functions/manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-cdk-"));
afterAll(() => rmSync(folder, { recursive: true }));

const synth = (context: object) =>
  spawnSync(process.execPath, ["infra/app.ts"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: folder, CDK_OUTDIR: join(folder, "out"), CDK_CONTEXT_JSON: JSON.stringify(context) },
  });

test("the app synthesises without credentials, with the code of every function in it", () => {
  const { context } = JSON.parse(readFileSync("cdk.json", "utf8"));
  const { status, stderr } = synth(context);
  expect(status, stderr.slice(-1000)).toBe(0);
  expect(existsSync(join(folder, "out", `berth-${context.stage}.template.json`))).toBe(true);
  const entries = globSync(join(folder, "out", "asset.*", "index.mjs"));
  expect(entries).toHaveLength(Object.keys(functions).length);
}, 180_000);

test("the app names the setting that is missing", () => {
  const { status, stderr } = synth({ stage: "test", mailFrom: "berth@berth.example" });
  expect(status).not.toBe(0);
  expect(stderr).toContain("-c origin=");
});

test("only app.ts reads the stage, the account or the environment", () => {
  const readers = globSync("infra/*.ts").filter((file) =>
    /process\.env|tryGetContext|CDK_DEFAULT/.test(readFileSync(file, "utf8")),
  );
  expect(readers).toEqual(["infra/app.ts"]);
});

test("the pinned command line reads what the pinned library wrote", () => {
  const cdk = createRequire(import.meta.url).resolve("aws-cdk/bin/cdk");
  const { stdout, stderr } = spawnSync(process.execPath, [cdk, "ls", "--no-notices", "--app", join(folder, "out")], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: folder, CI: "true" },
  });
  const { context } = JSON.parse(readFileSync("cdk.json", "utf8"));
  expect(stdout.trim().split("\n"), stderr.slice(-1000)).toEqual([`berth-${context.stage}-data`, `berth-${context.stage}`]);
}, 60_000);
