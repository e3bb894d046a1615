import { expect, test } from "vitest";
import { bundleSimulation } from "./bundle.ts";
import { waitsBeside } from "./flood.ts";
import { mutants } from "./mutant.ts";

const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? 0;

test("while one customer floods the queue with 10,000 jobs the others wait at most twice as long as ever, and every rule holds", {
  timeout: 240_000,
}, async () => {
  const quiet = await waitsBeside(0);
  const loud = await waitsBeside(10_000);
  expect(quiet.waits.length).toBeGreaterThan(80);
  expect(loud.waits.length).toBeGreaterThan(80);
  expect(loud.took).toBeGreaterThan(9_900);
  expect(loud.violations).toEqual([]);
  expect(loud.going).toBe(0);
  process.stdout.write(
    `99 of 100 wait at most ${p99(quiet.waits).toFixed(2)} s in quiet and ${p99(loud.waits).toFixed(2)} s beside a flood\n`,
  );
  expect(p99(loud.waits)).toBeLessThanOrEqual(2 * p99(quiet.waits));
  // In a queue that is not fair they would have waited: the flood is one.
  const unfair = await waitsBeside(10_000, false);
  expect(p99(unfair.waits)).toBeGreaterThan(2 * p99(quiet.waits));
});

test.each([
  { name: "the plan's number is one too many", invariant: "1 the plan's number at a time" },
  { name: "the lease is taken whoever holds it", invariant: "1 one after the other, first come first served" },
  {
    name: "whoever comes first goes first, whoever stands in line",
    invariant: "1 one after the other, first come first served",
  },
])("the flood shows it when $name", { timeout: 60_000 }, async ({ name, invariant }) => {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`there is no mutant "${name}"`);
  const bundle = await bundleSimulation(`flood-${mutants.indexOf(mutant)}`, mutant, "flood.ts");
  const broken = (await import(bundle)) as { waitsBeside: typeof waitsBeside };
  const { violations } = await broken.waitsBeside(1000);
  expect(violations.map((each) => each.invariant)).toContain(invariant);
});
