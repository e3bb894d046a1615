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

  test("one deploy to one target is at most 24 write units, 12 read units, 4 queue calls, 1 connection and 1 exec", async () => {
    await quiet(stage.cloud());
    const server = stage.lab.servers[0]!; // one was asked for
    const before = server.ssh();
    const stop = startMeter(stage.cloud());
    const { status, wholeMs } = await deployOnce(stage, "cost", "second");
    await quiet(stage.cloud());
    const spent = stop();
    expect(status).toBe("succeeded");
    const after = server.ssh();
    expect([after.connections - before.connections, after.execs - before.execs]).toEqual([1, 1]);
    const seen = spent.requests.join("\n");
    // Each second that a slow machine takes longer is worth a batch of events and a look for a cancellation.
    const more = Math.max(0, Math.ceil(wholeMs / 1000) - 4);
    expect(spent.write, seen).toBeLessThanOrEqual(24 + more);
    expect(spent.read, seen).toBeLessThanOrEqual(12 + more / 2);
    expect(spent.queue, seen).toBeLessThanOrEqual(4);
    expect(spent.write, "the meter counts").toBeGreaterThan(8);
  });
});
