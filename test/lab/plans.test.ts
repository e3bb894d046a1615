/** Plans against real servers; `npm run plans` compares as many as one likes. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn } from "./client.ts";
import { available, type Lab, startLab } from "./lab.ts";
import { pairs } from "./pairs.ts";
import { comparePair, deployCompared, pushPages } from "./planned.ts";
import type { Server } from "./server.ts";

const reason = available();
const seed = Number(process.env.BERTH_SEED ?? 7);
const runs = Number(process.env.BERTH_PLANS ?? 3);

describe.skipIf(reason)(`plans${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await pushPages(lab);
  });
  afterAll(() => lab?.close());

  test("what is planned for two generated releases is what the run has done, and what Docker's event log shows", {
    timeout: runs * 60_000,
  }, async () => {
    let count = 0;
    for (const pair of fc.sample(pairs, { numRuns: runs, seed })) {
      const found = await comparePair(server, pair);
      if (!found) continue;
      count += 1;
      expect(found.happened, JSON.stringify(pair)).toEqual(found.planned);
      expect(found.disorder, JSON.stringify(pair)).toEqual([]);
    }
    expect(count).toBeGreaterThan(runs / 2);
  });

  test("what is planned from the runner's report is what its deploy does", async () => {
    const page = (version: number) => `${lab.registry.address}/library/page:${version}`;
    const run = (release: number, services: object, content: string) => {
      const compose = JSON.stringify({ services, configs: { app: { file: "./app.conf" } } });
      const files = [
        { path: "compose.yaml", content: compose },
        { path: "app.conf", content },
      ];
      return { ...deployOf(release, compose), files };
    };
    const kept = { image: page(1), stop_grace_period: "1s" };
    const filed = { ...kept, configs: ["app"] };
    const job = { ...kept, command: ["true"] };
    const waiting = { ...kept, depends_on: { job: { condition: "service_completed_successfully" } } };
    const first = run(1, { kept, filed, imaged: waiting, gone: kept, hidden: kept, scaled: kept, job }, "one");
    expect((await runOn(server, first)).exit).toMatchObject({ code: 0 });
    const second = run(
      2,
      {
        kept,
        filed,
        imaged: { ...waiting, image: page(2) },
        hidden: { ...kept, profiles: ["never"] },
        scaled: { ...kept, scale: 2 },
        job,
        more: { ...kept, depends_on: ["kept"] },
      },
      "two",
    );
    const found = await deployCompared(server, second);
    expect(found.happened).toEqual(found.planned);
    expect(found.disorder).toEqual([]);
    expect(found.happened).toEqual([
      "pull imaged",
      "pin",
      "place",
      "remove gone",
      "up filed job imaged more scaled",
      "wait filed job imaged kept more scaled",
      "record",
      "prune",
      "filed: 1 create, 1 remove, 1 start, 1 stop",
      "gone: 1 remove, 1 stop",
      "imaged: 1 create, 1 remove, 1 start, 1 stop",
      "job: 1 start",
      "more: 1 create, 1 start",
      "scaled: 1 create, 1 start",
    ]);
  });
});
