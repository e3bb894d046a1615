import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deployOf, type Host, makeHost, runOn } from "./host.ts";

let host: Host;
beforeEach(() => {
  host = makeHost();
});
afterEach(() => host.remove());

const ups = () => host.read("../fake/ups").trimEnd().split("\n").length;
/** The power goes the moment that what this stands for is done. */
const without = (what: string) => {
  expect(runner.split(what)).toHaveLength(2);
  return runner.replace(what, () => "kill -9 $$");
};
const release2 = { values: { release: "2" } };

test("a release that was recorded when the server went away is live, whatever would become of it now", async () => {
  await runOn(host, deployOf("job_1"));
  const gone = await runOn(host, deployOf("job_2", release2), ["/bin/sh"], without("stage prune; prune"));
  expect(gone.exit).toMatchObject({ class: "interrupted" });
  host.set("up.status", "1");
  const { exit } = await runOn(host, deployOf("job_2", { ...release2, fence: 2 }));
  expect(exit).toMatchObject({ code: 0 });
  expect(ups()).toBe(2);
  host.set("up.lines", "Error response from daemon: no\n");
  await runOn(host, deployOf("job_3", { values: { release: "3" }, fence: 3 }));
  expect(host.read("state/shop-production/laid")).toBe("releases/2\n");
});

test("a release that was not recorded yet is put back when what is started again fails", async () => {
  await runOn(host, deployOf("job_1"));
  await runOn(host, deployOf("job_2", release2), ["/bin/sh"], without('stage verify; settle "$@"'));
  host.set("up.status", "1");
  host.set("up.lines", "Error response from daemon: no\n");
  const { exit } = await runOn(host, deployOf("job_2", { ...release2, fence: 2 }));
  expect(exit).toMatchObject({ code: 1, class: "start.failed" });
  expect(host.read("state/shop-production/laid")).toBe("releases/1\n");
});
