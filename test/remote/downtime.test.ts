/** How long services were away, as Docker's events tell it, and as the next plan has it. */
import { readReport } from "@berth/domain/plan/read-report.ts";
import { expect, test } from "vitest";
import { deployOf, type Host, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";

const event = (ms: number, container: string, service: string, action: string) =>
  [`${1_700_000_000_000 + ms}000000`, container, service, action].join("\t");

/** Of one replaced service with a health check, and of one that was only started. */
const events = [
  event(100, "new", "web", "create"),
  event(200, "old", "web", "die"),
  event(700, "new", "web", "start"),
  event(800, "added", "worker", "create"),
  event(900, "added", "worker", "start"),
  event(1900, "new", "web", "health_status: unhealthy"),
  event(2900, "new", "web", "health_status: healthy"),
  "",
].join("\n");

const deployed = async (made: Host, release: number, shell: readonly string[]) =>
  runOn(made, deployOf(`job_${release}`, { values: { release: String(release) } }), shell);
const kept = (made: Host) => made.read("state/shop-production/downtimes");

test.each(shells)("how long a service was away that was replaced is reported for the next plan: %s", async (...shell) => {
  const made = host();
  made.set("events", events);
  expect((await deployed(made, 1, shell)).exit).toMatchObject({ code: 0 });
  expect(() => kept(made)).toThrow();
  expect((await deployed(made, 2, shell)).exit).toMatchObject({ code: 0 });
  expect(kept(made)).toBe("web\t2700\n");
  const { exit } = await runOn(made, deployOf("job_3", { op: "plan", values: { release: "3" } }), shell);
  expect((await readReport(exit?.report ?? new Uint8Array())).downtimes).toEqual(new Map([["web", 2700]]));
});

test.each(shells)("what was not replaced keeps what it had, and so does all where Docker does not say: %s", async (...shell) => {
  const made = host();
  await deployed(made, 1, shell);
  made.set("events", events);
  await deployed(made, 2, shell);
  made.set("events", [event(1, "a", "db", "die"), event(41, "b", "db", "create"), event(51, "b", "db", "start"), ""].join("\n"));
  await deployed(made, 3, shell);
  expect(kept(made)).toBe("web\t2700\ndb\t50\n");
  made.unset("events");
  await deployed(made, 4, shell);
  expect(kept(made)).toBe("web\t2700\ndb\t50\n");
});
