import { afterAll, beforeAll } from "vitest";
import { type Bench, createBench, type Sold, sell } from "./harness.ts";

export let bench: Bench;
export let sold: Sold;

/** One catalogue and customer for the tests of a file. */
export function useSold(): void {
  beforeAll(async () => {
    bench = await createBench();
    sold = await sell(bench.stripe);
  });
  afterAll(() => bench.close());
}
