import type { Event, Job } from "@berth/api-client/types.ts";
import { expect, test } from "vitest";
import { reporter } from "../../packages/cli/src/job/report.ts";
import { plain } from "../../packages/cli/src/terminal/paint.ts";

const at = (second: number) => new Date(Date.UTC(2027, 0, 1, 12, 0, second)).toISOString();

const rollout = { target: "tgt_1", name: "web1", status: "running", attempts: 1 };
const job = { id: "job_1", kind: "deployment", status: "running", rollouts: { tgt_1: rollout } } as unknown as Job;

test("a step took as long as the server's own stamps say, whenever they are heard", () => {
  const said: string[] = [];
  let clock = 0;
  const report = reporter(job, {
    live: true,
    verbose: false,
    paint: plain,
    progress: { doing: () => {}, say: (...lines) => said.push(...lines), end: () => {} },
    now: () => clock,
  });
  const event = (seq: number, second: number, step: string): Event =>
    ({ seq, at: at(second), type: "step", step, target: "tgt_1", name: "web1" }) as Event;
  // All at once, an hour late.
  clock = 3_600_000;
  report.event(event(1, 0, "pull"));
  report.event(event(2, 7, "start"));
  clock += 50_000;
  report.event(event(3, 9, "verify"));
  report.event({ ...event(4, 12, "verify"), type: "note", text: "web: it runs" } as Event);
  report.job({ ...job, rollouts: { tgt_1: { ...rollout, status: "succeeded" } } } as unknown as Job);
  expect(said.filter((line) => line.startsWith("✓")).map((line) => line.replaceAll(/ +/g, " "))).toEqual([
    "✓ web1 pull 7.0 s",
    "✓ web1 start 2.0 s",
    "✓ web1 verify 3.0 s",
  ]);
});

test("while it is built, what is done is told without the numbers of BuildKit's parts; every line has them, where all is told", () => {
  const told = (verbose: boolean) => {
    const said: string[] = [];
    let doing = () => "";
    const report = reporter(job, {
      live: true,
      verbose,
      paint: plain,
      progress: { doing: (text) => (doing = text ?? doing), say: (...lines) => said.push(...lines), end: () => {} },
      now: () => 0,
    });
    const event = { seq: 1, at: at(0), target: "tgt_1", name: "web1" };
    report.event({ ...event, type: "step", step: "build" } as Event);
    report.event({ ...event, type: "log", text: "#11 12.308 compiling src/a.ts" } as Event);
    return { said, doing: doing() };
  };
  expect(told(false)).toEqual({ said: [], doing: "web1 build 0.0 s · compiling src/a.ts" });
  expect(told(true).said).toEqual(["  web1  build      #11 12.308 compiling src/a.ts"]);
});
