import { expect, test } from "vitest";
import { bundleSimulation } from "./bundle.ts";
import { waitsBeside } from "./flood.ts";
import { mutants } from "./mutant.ts";

const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? 0;

test("while one customer floods the queue with 1,000 jobs the others wait at most twice as long as ever, and every rule holds", {
  timeout: 900_000,
}, async () => {
  const quiet = await waitsBeside(0);
  const loud = await waitsBeside(1_000);
  expect(quiet.waits.length).toBeGreaterThan(80);
  expect(loud.waits.length).toBeGreaterThan(80);
  expect(loud.took).toBeGreaterThan(990);
  expect(loud.violations).toEqual([]);
  expect(loud.going).toBe(0);
  process.stdout.write(
    `99 of 100 wait at most ${p99(quiet.waits).toFixed(2)} s in quiet and ${p99(loud.waits).toFixed(2)} s beside a flood\n`,
  );
  expect(p99(loud.waits)).toBeLessThanOrEqual(2 * p99(quiet.waits));
  // By the share of workers that one customer may hold, not by the queue's fairness alone.
  const unfair = await waitsBeside(1_000, false);
  expect(p99(unfair.waits)).toBeLessThanOrEqual(2 * p99(quiet.waits));
});

test("without that share, in a queue that is not fair, the others would wait: the flood is one", {
  timeout: 600_000,
}, async () => {
  const mutant = {
    name: "one customer may hold all workers that read servers",
    file: "packages/domain/src/remote/deadline.ts",
    find: 'name: "readers", most: 4',
    replace: 'name: "readers", most: 400',
  };
  const bundle = await bundleSimulation("flood-share", mutant, "flood.ts");
  const broken = (await import(bundle)) as { waitsBeside: typeof waitsBeside };
  const [quiet, unfair] = [await broken.waitsBeside(0), await broken.waitsBeside(4_000, false)];
  expect(p99(unfair.waits)).toBeGreaterThan(2 * p99(quiet.waits));
});

test.each([
  { name: "the plan's number is one too many", invariant: "1 the plan's number at a time" },
  { name: "the lease is taken whoever holds it", invariant: "1 one after the other, first come first served" },
  {
    name: "whoever comes first goes first, whoever waits already",
    invariant: "1 one after the other, first come first served",
  },
])("the flood shows it when $name", { timeout: 600_000 }, async ({ name, invariant }) => {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`there is no mutant "${name}"`);
  const bundle = await bundleSimulation(`flood-${mutants.indexOf(mutant)}`, mutant, "flood.ts");
  const broken = (await import(bundle)) as { waitsBeside: typeof waitsBeside };
  const { violations } = await broken.waitsBeside(300);
  expect(violations.map((each) => each.invariant)).toContain(invariant);
});
