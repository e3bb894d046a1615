/** The short form of `npm run chaos`: every fault twice. What strikes a server and what strikes the cloud go on beside each other, in two clouds. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stage, type StageOptions, startStage } from "../e2e/stage.ts";
import { available } from "../lab/lab.ts";
import { DOCKER_MEGABYTES, type Fault, faults } from "./faults.ts";
import { addLane, type Lane, type Outcome } from "./server-under-faults.ts";

const reason = available();
const minutes = 60_000;

/** Three pairs of lanes. The faults that take a minute each are spread over them. */
const tracks: readonly (readonly string[])[] = [
  ["docker", "sshd", "line"],
  ["network", "hostkey", "disk"],
  ["worker", "lease", "everything", "queue", "table"],
];

describe.skipIf(reason)(`nothing is lost or doubled${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const stages: Stage[] = [];
  const lanes: Lane[] = [];
  const outcomes = new Map<string, Promise<Outcome[]>>();

  async function stageOf(options: StageOptions): Promise<{ stage: Stage; lanes: Lane[] }> {
    const stage = await startStage({ ...options, dockerMegabytes: DOCKER_MEGABYTES });
    stages.push(stage);
    const made = await Promise.all(stage.lab.servers.map((server, i) => addLane(stage, server, i + 1)));
    lanes.push(...made);
    return { stage, lanes: made };
  }

  /** One after the other on the same lanes; one that throws fails its own test only. */
  function along(track: readonly string[], stage: Stage, pair: readonly Lane[]): void {
    let turn: Promise<unknown> = Promise.resolve();
    for (const name of track) {
      const run = turn.then(() => faultOf(name).run(stage, pair));
      outcomes.set(name, run);
      turn = run.catch(() => {}); // told by its test
    }
  }

  beforeAll(async () => {
    const servers = await stageOf({ servers: 4, plan: "studio" });
    const cloud = await stageOf({ servers: 2 });
    along(tracks[0] ?? [], servers.stage, servers.lanes.slice(0, 2));
    along(tracks[1] ?? [], servers.stage, servers.lanes.slice(2));
    along(tracks[2] ?? [], cloud.stage, cloud.lanes);
  }, 3 * minutes);
  afterAll(async () => {
    for (const { relay } of lanes) await relay.close();
    for (const stage of stages) await stage.close();
  }, minutes);

  test.each(faults.map(({ name, what }) => ({ name, what })))(
    "when $what",
    async ({ name }) => {
      const told = await outcomes.get(name);
      expect(told?.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(told).toHaveLength(2);
    },
    8 * minutes,
  );
});

function faultOf(name: string): Fault {
  const fault = faults.find((each) => each.name === name);
  if (!fault) throw new Error(`there is no fault ${name}`);
  return fault;
}
