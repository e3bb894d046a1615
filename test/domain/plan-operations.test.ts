/** Which services each operation is for. */
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import type { Report } from "@berth/domain/plan/report.ts";
import { operationLines } from "@berth/domain/plan/summary.ts";
import { expect, test } from "vitest";
import { reportOf } from "./reports.ts";

const waits = (service: string, condition = "service_healthy") => ({ depends_on: { [service]: { condition, required: true } } });
const live = {
  services: { db: { image: "postgres:16" }, web: { image: "web:1", ...waits("db") }, worker: { image: "web:1" } },
};

test("what gets an image that is not known beforehand is brought up, with all that may go with it, and nothing else", () => {
  const services = { ...live.services, proxy: { image: "proxy:1", ...waits("web", "service_started") } };
  const { registry, ...side } = reportOf({ ...live, services }, { ...live, services });
  const asked = planTarget({ ...side, registry: new Map([...registry].filter(([name]) => name !== "web:1")) });
  expect(operationLines(asked.operations)).toEqual([
    "pull web worker",
    "pin",
    "place",
    "up web proxy worker",
    "wait db web proxy worker",
    "record",
    "prune",
  ]);
});

test("a release whose images are recorded is not built, and of what is missing only that is pulled", () => {
  const build = { ...live, services: { ...live.services, web: { ...live.services.web, build: { context: "." } } } };
  const operations = (more: Partial<Report>) => operationLines(planTarget(reportOf(live, build, more)).operations).slice(0, 3);
  expect(operations({})).toEqual(["build web", "pin", "place"]);
  expect(operations({ isRecorded: true })[0]).not.toMatch(/^build/);
});

test("a network that somebody removed is made again by what is on it", () => {
  const steps = (more: Partial<Report>) => operationLines(planTarget(reportOf(live, live, more)).operations);
  expect(steps({})).not.toContain("up db web worker");
  expect(steps({ networks: new Set() })).toContain("up db web worker");
});
