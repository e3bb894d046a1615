import type { Mutant as Change } from "../simulation/mutant.ts";

/**
 * A mistake somebody could make outside the simulation. `name` says what a customer would suffer; one of `tests` has to fail of it: files, or
 * where a file takes long `file#words of a test's name`.
 */
export interface Mutant extends Change {
  readonly tests: readonly string[];
}

export type Planted = readonly [name: string, find: string, replace: string, ...tests: string[]];

/** The mutants of one file. A list of tests that ends a mutant is instead of those of the file. */
export const within = (file: string, tests: readonly string[], ...planted: readonly Planted[]): Mutant[] =>
  planted.map(([name, find, replace, ...own]) => ({ name, file, find, replace, tests: own.length > 0 ? own : tests }));

/** The file of a test, and the words that its name has. */
export const testOf = (text: string): { readonly file: string; readonly words: string | undefined } => {
  const [file = "", words] = text.split("#", 2);
  return { file, words };
};
