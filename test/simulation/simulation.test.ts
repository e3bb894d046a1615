import { expect, test } from "vitest";
import { bundleSimulation } from "./bundle.ts";
import { history } from "./history.ts";
import { mutants } from "./mutant.ts";
import { firstBad, runSeeds } from "./pool.ts";

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
const told = ({ bad }: Awaited<ReturnType<typeof runSeeds>>) =>
  bad.map(({ seed, invariant, what }) => `npm run simulate -- --seed ${seed}: ${invariant}: ${what}`);
/** Of the mutants a few that need little time; the whole table is `npm run simulate -- --mutants`. */
const quick = [
  "the fence does not rise",
  "the lease is taken whoever holds it",
  "a failed release is live",
  "the sweep rings twice",
];

test("one seed is one history, byte for byte", async () => {
  for (const seed of from(1, 40)) {
    const first = await history(seed);
    expect(await history(seed)).toMatchObject({ hash: first.hash, events: first.events });
  }
  expect((await history(1)).hash).not.toBe((await history(2)).hash);
});

test("a readable history is the same history", async () => {
  const readable = await history(7, { readable: true });
  expect(readable.hash).toBe((await history(7)).hash);
  expect(readable.lines.length).toBeGreaterThan(10);
});

test("whatever goes wrong, no invariant is broken: 1,000 fixed seeds", { timeout: 300_000 }, async () => {
  const report = await runSeeds(await bundleSimulation("fixed"), from(1, 1000));
  expect(told(report)).toEqual([]);
  expect(report.jobs).toBeGreaterThan(2000);
  expect(Object.keys(report.faults).length).toBeGreaterThan(20);
});

test.each(quick)("the simulation notices when %s", { timeout: 120_000 }, async (name) => {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`there is no mutant "${name}"`);
  const { bad } = await firstBad(await bundleSimulation("quick", mutant), from(1, 500), 100);
  expect(bad).not.toEqual([]);
});
