import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Stage, startStage } from "../e2e/stage.ts";
import { available } from "../lab/lab.ts";
import { deployOnce, quiet } from "./deploying.ts";
import { startMeter } from "./meter.ts";

const reason = available();

describe.skipIf(reason)(`what a deploy costs${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    await stage.addTarget("web1", stage.lab.servers[0]!); // one was asked for
    await stage.customer.api("POST", "/apps", { name: "cost" });
    await deployOnce(stage, "cost", "first", ["web1"]);
  }, 120_000);
  afterAll(() => stage?.close());

  test("one deploy to one target is at most 30 write units, 12 read units, 4 queue calls, 1 connection and 1 exec", async () => {
    await quiet(stage.cloud());
    const server = stage.lab.servers[0]!; // one was asked for
    const spents = [];
    for (const release of ["second", "third", "fourth"]) {
      const before = server.ssh();
      const stop = startMeter(stage.cloud());
      const { status, wholeMs } = await deployOnce(stage, "cost", release);
      await quiet(stage.cloud());
      expect(status).toBe("succeeded");
      const after = server.ssh();
      expect([after.connections - before.connections, after.execs - before.execs]).toEqual([1, 1]);
      spents.push({ ...stop(), wholeMs });
    }
    // A deploy takes two seconds, on a busy machine longer, and each second more is worth a batch of events and a look for a cancellation: the cheapest is judged.
    const { write, read, queue, requests, wholeMs } = spents.reduce((least, each) => (each.write < least.write ? each : least));
    const more = Math.max(0, Math.ceil(wholeMs / 1000) - 2);
    const seen = `${Math.round(wholeMs)} ms\n${requests.join("\n")}`;
    expect(write, seen).toBeLessThanOrEqual(30 + more);
    expect(read, seen).toBeLessThanOrEqual(12 + more / 2);
    expect(queue, seen).toBeLessThanOrEqual(4);
    expect(write, "the meter counts").toBeGreaterThan(8);
  });
});
