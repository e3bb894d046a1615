/** The short form of `npm run chaos`: every fault twice, the two that last a minute once and at the same time. */
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

  test("when the Docker daemon of one server is stopped for a minute and the network of another is cut for half of one", async () => {
    const run = (name: string, lane: number) =>
      faults.find((fault) => fault.name === name)?.run(stage, lanes.slice(lane, lane + 1));
    const outcomes = (await Promise.all([run("docker", 0), run("network", 1)])).flatMap((each) => each ?? []);
    expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(outcomes).toHaveLength(2);
  }, 150_000);
});
