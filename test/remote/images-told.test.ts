/** What a server tells of its images for a plan. */
import { readReport } from "@berth/domain/plan/read-report.ts";
import { expect, test } from "vitest";
import { deployOf, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";

const config = (build: string) => `name: x\nservices:\n  web:\n    image: page:1\n  made:\n    image: made:1\n${build}`;
const id = (digit: string) => `sha256:${digit.repeat(64)}`;

test.each(shells)("a plan knows the images that are there, and asks about none that is built: %s", async (...shell) => {
  for (const [build, known] of [
    ["", ["page:1", "made:1"]],
    ["    build: .\n", ["page:1"]],
  ] as const) {
    const made = host();
    made.set("config", config(build));
    made.set("store", `${id("1")}\tpage:1\n${id("2")}\tmade:1\n`);
    const { exit } = await runOn(made, deployOf("job_1", { op: "plan", fence: 0 }), shell);
    const { images } = await readReport(exit?.report ?? new Uint8Array());
    expect([...images.keys()]).toEqual(known);
  }
});
