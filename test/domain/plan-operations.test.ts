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

test("an add-on's data is moved where its volume is another one: what runs and reaches it stops before, and is brought up after", () => {
  const on = (...names: string[]) => ({ networks: Object.fromEntries(names.map((name) => [name, null])) });
  const side = (version: string, volume: string) => ({
    services: {
      db: {
        image: `postgres:${version}`,
        ...on("inner"),
        volumes: [{ type: "volume", source: volume, target: "/var/lib/postgresql/data" }],
      },
      web: { image: "web:1", ...on("inner", "outer") },
      beside: { image: "web:1", network_mode: "service:web" },
      far: { image: "web:1", ...on("outer") },
      once: { image: "web:1", ...on("inner") },
    },
    volumes: { [volume]: {} },
  });
  const [old, now] = [side("16", "db-data"), side("17", "db-data-r2")];
  const report = reportOf(old, now);
  const ended = report.containers.map((each) => (each.service === "once" ? { ...each, state: "exited" } : each));
  const plan = planTarget({ ...report, containers: ended }, { moves: ["db"] });
  const lines = operationLines(plan.operations);
  const at = lines.indexOf("place");
  expect(lines.slice(at, at + 4)).toEqual(["place", "stop web beside", "move db", "up db once web beside"]);
  expect(plan.risks).toEqual([]);
  const again = planTarget(reportOf(now, now), { moves: ["db"] });
  expect(operationLines(again.operations).join()).not.toMatch(/stop|move/);
  // Nobody asked for it to be moved.
  const risks = planTarget(report).risks.map(({ risk, message }) => [risk, message]);
  expect(risks).toEqual([["volume.renamed", expect.stringContaining("gets the volume")]]);
});
