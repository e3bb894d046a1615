import { expect, test } from "vitest";
import { bundleSimulation } from "./bundle.ts";
import { SHARE } from "./hostile.ts";
import { takesBeside } from "./siege.ts";

const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? 0;

test("while one customer deploys, checks, cancels and reads logs as much as it can on servers that say nothing, others' checks and deploys take at most twice as long", {
  timeout: 600_000,
}, async () => {
  const [quiet, loud] = [await takesBeside(false), await takesBeside(true)];
  for (const each of [quiet, loud]) {
    expect(each.violations).toEqual([]);
    expect(each.checks.length).toBe(30);
    expect(each.deploys.length).toBeGreaterThan(20);
  }
  const figures = (["checks", "deploys"] as const).map(
    (what) => `${what} ${p99(quiet[what]).toFixed(2)} s and ${p99(loud[what]).toFixed(2)} s`,
  );
  process.stdout.write(
    `in quiet and beside a hostile one: ${figures.join(", ")}; it held ${loud.held} workers and read ${loud.sessions} logs\n`,
  );
  expect(p99(loud.checks)).toBeLessThanOrEqual(2 * p99(quiet.checks));
  expect(p99(loud.deploys)).toBeLessThanOrEqual(2 * p99(quiet.deploys));
  // It is an attack: it held about all that it may.
  expect(loud.held).toBeGreaterThan(15);
  expect(loud.held).toBeLessThanOrEqual(15 + SHARE.looks + SHARE.logs);
  expect(loud.sessions).toBeGreaterThan(20);
});

test("and would hold them up if it had no share of the workers that look", { timeout: 600_000 }, async () => {
  const mutant = {
    name: "one customer may hold all workers that read servers",
    file: "packages/domain/src/remote/deadline.ts",
    find: 'name: "readers", most: 4',
    replace: 'name: "readers", most: 400',
  };
  const broken = (await import(await bundleSimulation("siege-share", mutant, "siege.ts"))) as { takesBeside: typeof takesBeside };
  const [quiet, loud] = [await broken.takesBeside(false), await broken.takesBeside(true)];
  expect(p99(loud.checks)).toBeGreaterThan(2 * p99(quiet.checks));
});
