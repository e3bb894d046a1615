/** Plans against real servers; `npm run plans` compares as many as one likes. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { available, type Lab, startLab } from "./lab.ts";
import { comparePair, pairs, pushPages } from "./planned.ts";

const reason = available();
const seed = Number(process.env.BERTH_SEED ?? 7);
const runs = Number(process.env.BERTH_PLANS ?? 10);

describe.skipIf(reason)(`plans${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    await pushPages(lab);
  });
  afterAll(() => lab?.close());

  test("what is planned for two generated releases is what Docker's event log shows", { timeout: runs * 60_000 }, async () => {
    let compared = 0;
    for (const pair of fc.sample(pairs, { numRuns: runs, seed })) {
      const found = await comparePair(lab.servers[0]!, pair); // one was asked for
      if (!found) continue;
      compared += 1;
      expect(found.happened, JSON.stringify(pair)).toEqual(found.planned);
    }
    expect(compared).toBeGreaterThan(runs / 2);
  });
});
