import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { bundleSimulation, mutate, root } from "./bundle.ts";
import { history } from "./history.ts";
import { mutants } from "./mutant.ts";
import { firstBad, runSeeds } from "./pool.ts";

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
const told = ({ bad }: Awaited<ReturnType<typeof runSeeds>>) =>
  bad.map(({ seed, invariant, what }) => `npm run simulate -- --seed ${seed}: ${invariant}: ${what}`);
/** Of the mutants some that need little time; the whole table is `npm run simulate -- --mutants`. */
const quick = [
  "the fence does not rise",
  "the lease is taken whoever holds it",
  "a failed release is live",
  "the sweep dispatches twelve times",
];

test("one seed is one history, byte for byte", async () => {
  for (const seed of from(1, 40)) {
    const first = await history(seed);
    expect(await history(seed)).toMatchObject({ hash: first.hash, events: first.events });
  }
  expect((await history(1)).hash).not.toBe((await history(2)).hash);
});

test("whatever the API and the domain load at its first use is loaded before the first seed", () => {
  const lazy = ["functions/api/routes", "packages/domain/src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => [...readFileSync(join(root, folder, name), "utf8").matchAll(/\bimport\("([^"]+)"\)/g)])
      .map(([, module = ""]) => basename(module)),
  );
  const loaded = readFileSync(join(root, "test/support/lazy.ts"), "utf8");
  expect(lazy.length).toBeGreaterThan(10);
  expect(lazy.filter((name) => !loaded.includes(`${name}")`))).toEqual([]);
});

test("a readable history is the same history", async () => {
  const readable = await history(7, { readable: true });
  expect(readable.hash).toBe((await history(7)).hash);
  expect(readable.lines.length).toBeGreaterThan(10);
});

test("whatever goes wrong, no invariant is broken: 500 fixed seeds", { timeout: 1_800_000 }, async () => {
  const report = await runSeeds(await bundleSimulation("fixed"), from(1, 500));
  expect(told(report)).toEqual([]);
  expect(report.jobs).toBeGreaterThan(1000);
  expect(Object.keys(report.faults).length).toBeGreaterThan(20);
});

test("whatever goes wrong, no invariant is broken: 700 seeds that nobody has run before", { timeout: 1_800_000 }, async () => {
  const first = randomInt(1_000_000, 2 ** 32 - 700); // a seed has 32 bits
  process.stdout.write(`700 fresh seeds: npm run simulate -- --seeds 700 --from ${first}\n`);
  const report = await runSeeds(await bundleSimulation("fresh"), from(first, 700));
  expect(told(report)).toEqual([]);
  expect(report.seeds).toBe(700);
});

test("every mutant still changes one place of the code as it is", () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThanOrEqual(40);
  for (const mutant of mutants) {
    const original = readFileSync(join(root, mutant.file), "utf8");
    expect(mutate(mutant, original)).not.toBe(original);
  }
});

test.each(quick)("the simulation notices when %s", { timeout: 600_000 }, async (name) => {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`there is no mutant "${name}"`);
  const { bad } = await firstBad(await bundleSimulation("quick", mutant), from(1, 500), 100);
  expect(bad).not.toEqual([]);
});
