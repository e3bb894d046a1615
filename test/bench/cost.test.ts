import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stage, startStage } from "../e2e/stage.ts";
import { available } from "../lab/lab.ts";
import { costOf } from "./cost.ts";
import { deployOnce } from "./deploying.ts";

const reason = available();

describe.skipIf(reason)(`what a deploy costs${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    await stage.addTarget("web1", stage.lab.servers[0]!); // one was asked for
    for (const app of ["other", "cost"]) {
      await stage.customer.api("POST", "/apps", { name: app });
      await deployOnce(stage, app, "first", ["web1"]);
    }
  }, 120_000);
  afterAll(() => stage?.close());

  test("one deploy to one target is at most 30 write units, 12 read units, 4 queue calls, 1 connection and 1 exec", async () => {
    const costs = [];
    for (const release of ["second", "third", "fourth"]) costs.push(await costOf(stage, stage.lab.servers[0]!, "cost", release)); // one was asked for
    for (const { status, connections, execs } of costs) expect([status, connections, execs]).toEqual(["succeeded", 1, 1]);
    // A deploy takes two seconds, on a busy machine longer, and each second more is worth a batch of events, each three a look for a cancellation: the cheapest is judged.
    const { write, read, queue, requests, wholeMs } = costs.reduce((least, each) => (each.write < least.write ? each : least));
    const more = Math.max(0, Math.ceil(wholeMs / 1000) - 2);
    const seen = `${Math.round(wholeMs)} ms\n${requests.join("\n")}`;
    expect(write, seen).toBeLessThanOrEqual(30 + more);
    expect(read, seen).toBeLessThanOrEqual(12 + Math.floor(wholeMs / 3000) / 2);
    expect(queue, seen).toBeLessThanOrEqual(4);
    expect(write, "the meter counts").toBeGreaterThan(8);
  });
});
