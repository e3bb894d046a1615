/** The short form of `npm run chaos`: every fault twice, but for the stopped Docker and the cut network, which take minutes each. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stage, startStage } from "../e2e/stage.ts";
import { available } from "../lab/lab.ts";
import { faults } from "./faults.ts";
import { addLane, type Lane } from "./lane.ts";

const reason = available();
const long = new Set(["docker", "network"]);

describe.skipIf(reason)(`nothing is lost or doubled${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  const lanes: Lane[] = [];
  beforeAll(async () => {
    stage = await startStage({ servers: 2 });
    for (const [i, server] of stage.lab.servers.entries()) lanes.push(await addLane(stage, server, i + 1));
  }, 120_000);
  afterAll(() => stage?.close());

  for (const fault of faults.filter(({ name }) => !long.has(name)))
    test(`when ${fault.what}`, async () => {
      const outcomes = await fault.run(stage, lanes);
      expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(outcomes).toHaveLength(2);
    }, 150_000);
});
