import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mutate, root } from "../simulation/bundle.ts";
import { mutants as simulated } from "../simulation/mutant.ts";
import { createChecker } from "../simulation/typecheck.ts";
import { testOf } from "./mutant.ts";
import { mutants } from "./table.ts";

test("every planted bug still finds its place in the code exactly once, and changes it", () => {
  for (const mutant of [...mutants, ...simulated]) {
    const text = readFileSync(join(root, mutant.file), "utf8");
    expect(mutate(mutant, text), mutant.name).not.toBe(text);
  }
});

test("every planted bug names tests that are there", () => {
  for (const { name, tests } of mutants) {
    expect(tests.length, name).toBeGreaterThan(0);
    for (const { file, words } of tests.map(testOf)) {
      expect(existsSync(join(root, file)), `${name}: ${file}`).toBe(true);
      if (words !== undefined) expect(readFileSync(join(root, file), "utf8"), name).toContain(words);
    }
  }
});

test("the type checker rejects none of the simulation's bugs, so each is a mistake that could be shipped", () => {
  const checker = createChecker(`whole-${process.pid}`);
  expect(checker.errors()).toEqual([]);
  const left = [...simulated];
  const rejected: string[] = [];
  while (left.length > 0) {
    // One of each file at a time.
    const round = [...new Map(left.map((mutant) => [mutant.file, mutant])).values()];
    rejected.push(...checker.rejects(...round));
    for (const mutant of round) left.splice(left.indexOf(mutant), 1);
  }
  checker.remove();
  expect(rejected).toEqual([]);
}, 600_000);

test("no two planted bugs have one name", () => {
  const names = mutants.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});
