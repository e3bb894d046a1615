import { readdirSync, readFileSync } from "node:fs";
import { parseEntitlement } from "@berth/api-client/entitlement.ts";
import type { Event } from "@berth/api-client/types.ts";
import { expect, test } from "vitest";
import { detailWords } from "../../packages/web/src/audit/detail.ts";
import { deviceCode } from "../../packages/web/src/auth/device-code.ts";
import { hear, KEPT, nothing } from "../../packages/web/src/job/follow.ts";
import { stepsOf, stepWords } from "../../packages/web/src/job/steps.ts";
import { safeNext } from "../../packages/web/src/session.ts";
import { factsOf, letIn, targetStatus } from "../../packages/web/src/target/target.ts";
import { ago, span } from "../../packages/web/src/ui/time.tsx";

const at = (seconds: number) => new Date(Date.UTC(2027, 2, 1, 12, 0, seconds)).toISOString();
const line = (seq: number, more: Partial<Event> = {}): Event => ({
  seq,
  at: at(seq),
  type: "log",
  text: `line ${seq}`,
  target: "t1",
  name: "web1",
  ...more,
});
const step = (seq: number, name: string) => line(seq, { type: "step", step: name });

test("an event that comes again, from a stream that broke in the middle of a batch, is shown once", () => {
  const once = hear(nothing, { type: "events", items: [line(1), line(2)] });
  const again = hear(once, { type: "events", items: [line(2), line(3), line(1, { target: "t2" })] });
  expect(again.events.map(({ target, seq }) => `${target}:${seq}`)).toEqual(["t1:1", "t1:2", "t1:3", "t2:1"]);
  expect(hear(again, { type: "events", items: [line(3)] })).toBe(again);
});

test("of a very long log the last lines are kept, and how many were dropped is known", () => {
  const known = hear(nothing, { type: "events", items: Array.from({ length: KEPT + 5 }, (_, i) => line(i + 1)) });
  expect(known.events).toHaveLength(KEPT);
  expect(known.events[0]?.seq).toBe(6);
  expect(known.dropped).toBe(5);
});

test("every step that a run tells of has a word on its page", () => {
  const folder = new URL("../../packages/domain/src/remote/runner/", import.meta.url);
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".sh"));
  const told = scripts.flatMap((name) => [
    ...readFileSync(new URL(name, folder), "utf8").matchAll(/(?:^ *step[ =]|\bstage )([a-z]+)/gm),
  ]);
  const steps = [...new Set(told.map(([, step]) => step!))]; // the group is not optional
  expect(steps).toContain("build");
  expect(steps.filter((step) => !Object.hasOwn(stepWords, step))).toEqual([]);
});

test("a step lasts from its own event to the next one's, and the last of an ended run to its last line", () => {
  const events = [step(1, "preflight"), step(2, "pull"), line(3), step(6, "start"), line(8)];
  const took = stepsOf(events, { status: "succeeded" }).map(({ name, startedAt, endedAt = 0, state }) => [
    name,
    (endedAt - startedAt) / 1000,
    state,
  ]);
  expect(took).toEqual([
    ["preflight", 1, "done"],
    ["pull", 4, "done"],
    ["start", 2, "done"],
  ]);
});

test("the last step of a run that goes on is running and has no end", () => {
  const last = stepsOf([step(1, "preflight"), step(2, "pull")], { status: "running" }).at(-1);
  expect(last).toEqual({ name: "pull", startedAt: Date.parse(at(2)), state: "running" });
});

test("the step that runs says what was said of it last, and one that is over says nothing", () => {
  const said = (seq: number, name: string, text: string) => ({ ...line(seq), step: name, text });
  const events = [step(1, "build"), said(2, "build", "#12 3.4 added 7 packages"), step(3, "pull"), said(4, "build", "late")];
  expect(stepsOf(events.slice(0, 2), { status: "running" }).at(-1)?.doing).toBe("added 7 packages");
  expect(stepsOf(events, { status: "running" }).map(({ doing }) => doing)).toEqual([undefined, undefined]);
  expect(stepsOf(events.slice(0, 2), { status: "failed" }).at(-1)?.doing).toBeUndefined();
});

test("the step that failed is marked, and restoring after it is not", () => {
  const events = [step(1, "preflight"), step(2, "verify"), step(3, "restore"), line(4)];
  expect(stepsOf(events, { status: "failed", failedStep: "verify" }).map(({ state }) => state)).toEqual([
    "done",
    "failed",
    "done",
  ]);
});

test("a run that is tried again shows the steps of the last try only", () => {
  const events = [step(1, "preflight"), step(2, "pull"), step(3, "preflight"), step(4, "pull")];
  expect(stepsOf(events, { status: "running" }).map(({ startedAt }) => startedAt)).toEqual([
    Date.parse(at(3)),
    Date.parse(at(4)),
  ]);
});

test("the plan that a run was made for is its first step, also when the run begins again without another", () => {
  const names = (...steps: string[]) =>
    stepsOf(
      steps.map((name, i) => step(i, name)),
      { status: "running" },
    ).map(({ name }) => name);
  expect(names("plan", "preflight", "pull", "plan")).toEqual(["plan"]);
  expect(names("plan", "preflight", "pull", "plan", "preflight")).toEqual(["plan", "preflight"]);
  expect(names("plan", "preflight", "pull", "preflight", "pull")).toEqual(["preflight", "pull"]);
});

test.each([
  ["/targets?from=mail#x", "/targets?from=mail#x"],
  ["/device?code=ABCD-EFGH", "/device?code=ABCD-EFGH"],
  [null, "/"],
  ["", "/"],
  ["targets", "/"],
  ["https://evil.example/", "/"],
  ["//evil.example/", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["/.//evil.example", "/"],
  ["/..//evil.example", "/"],
  ["/a/..//evil.example", "/"],
  ["javascript:alert(1)", "/"],
])("after signing in, next=%j leads to %j", (next, path) => {
  expect(safeNext(next)).toBe(path);
});

test("the entitlement is read from the header of an answer, and an unknown one says nothing", () => {
  expect(parseEntitlement("grace; until=2027-03-08T12:00:00.000Z")).toEqual({
    state: "grace",
    until: "2027-03-08T12:00:00.000Z",
  });
  expect(parseEntitlement("active")).toEqual({ state: "active" });
  expect(parseEntitlement("restricted; because=ended")).toEqual({ state: "restricted", because: "ended" });
  expect(parseEntitlement("restricted; because=magic")).toEqual({ state: "restricted" });
  expect(parseEntitlement("golden")).toBeUndefined();
  expect(parseEntitlement(null)).toBeUndefined();
});

test("the command that lets Berth in stays one quoted word, whatever the key says", () => {
  expect(letIn("ssh-ed25519 AAAA' ; rm -rf / #")).toContain("echo 'ssh-ed25519 AAAA ; rm -rf / #' >>");
});

test("a target's standing says what is missing: nothing heard yet, a key to confirm, not reached", () => {
  const key = { type: "ssh-ed25519", key: "k", fingerprint: "SHA256:x" };
  expect(targetStatus({ status: "untrusted", shownKey: undefined, problem: undefined }).word).toBe("Reading its host key");
  expect(targetStatus({ status: "untrusted", shownKey: key, problem: undefined }).word).toBe("Host key to confirm");
  expect(targetStatus({ status: "untrusted", shownKey: undefined, problem: { class: "unreachable", message: "" } }).word).toBe(
    "Not reached",
  );
});

test("facts that a server did not give, or gave as nonsense, are left out", () => {
  expect(factsOf({ docker: "27.3.1", disk_free_mb: "20480", disk_mb: "40960", memory_mb: "much", arch: "" })).toEqual([
    ["Docker", "27.3.1"],
    ["Disk free", "20.0 GB of 40.0 GB"],
  ]);
});

test("a device code is read however it was typed", () => {
  expect(deviceCode(" bcdf ghjk ")).toBe("BCDF-GHJK");
  expect(deviceCode("bcdf-ghjkLM")).toBe("BCDF-GHJK");
  expect(deviceCode("bc")).toBe("BC");
});

test("times are told as people tell them", () => {
  expect([span(340), span(4_100), span(125_000), span(3_720_000)]).toEqual(["340 ms", "4.1 s", "2 min 5 s", "1 h 2 min"]);
  const now = Date.parse(at(0));
  expect(ago(new Date(now - 180_000).toISOString(), now)).toBe("3 minutes ago");
  expect(ago(new Date(now + 2 * 86_400_000).toISOString(), now)).toBe("in 2 days");
  expect(ago(new Date(now - 3_000).toISOString(), now)).toBe("just now");
});

test("a change of the account is told field by field, and any other detail as it was written", () => {
  const change = { before: { plan: "solo", cancelAt: null }, after: { plan: "pro", cancelAt: "2027-04-01" }, sync: 4 };
  expect(detailWords(JSON.stringify(change))).toBe("plan: solo → pro, cancelAt: none → 2027-04-01");
  for (const detail of ["release 2, job_1", "{cut sho", '{"a":1}']) expect(detailWords(detail)).toBe(detail);
});
