/** The runner with one of its guards taken out: what the guarantees' tests look at must then come out wrong. */
import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answered, deployOf, type Host, makeHost, runOn } from "./host.ts";

let host: Host;
beforeEach(() => {
  host = makeHost();
});
afterEach(() => host.remove());

function without(guard: string, instead: string, script = runner): string {
  expect(script.split(guard)).toHaveLength(2);
  return script.replace(guard, instead);
}

const run = (script: string, ...args: Parameters<typeof deployOf>) => runOn(host, deployOf(...args), ["/bin/sh"], script);
const ups = () => host.read("../fake/ups").trimEnd().split("\n").length;

test("without the comparison of fences, a caller that was replaced gets its way", async () => {
  const broken = without('[ "$fence" -ge "$stored" ] ||', "true ||");
  await run(broken, "job_1", { fence: 5 });
  expect((await run(broken, "job_2", { fence: 4 })).exit?.code).toBe(0);
  expect(ups()).toBe(2);
});

test("without the looks at what has run, a job that is sent again is done again", async () => {
  const once = without('    if [ -e "$run/exit" ]; then return; fi # it was canceled meanwhile\n', "");
  const broken = without('if alive || [ -e "$run/exit" ]; then return; fi\n  if [ -e "$run/pid" ]; then', "if false; then", once);
  await run(broken, "job_1");
  await run(broken, "job_1");
  await vi.waitFor(() => expect(ups()).toBe(2), 30_000);
});

test("without the lock that a run holds, two runs overlap", async () => {
  const broken = without("if flock -n 9; then\n", "if :; then\n");
  host.set("up.gate", "");
  const first = run(broken, "job_1");
  await host.begun();
  const second = run(broken, "job_2");
  await host.begun(2);
  host.unset("up.gate");
  expect((await Promise.all([first, second])).map(({ exit }) => exit?.code)).toEqual([0, 0]);
});

test("without the restoring, the release that failed is what is left", async () => {
  const broken = without("if part; then restore; else", "if part; then :; else");
  await run(broken, "job_1");
  host.set("up.status", "1");
  host.set("up.lines", "Error response from daemon: no\n");
  const { exit } = await run(broken, "job_2", { values: { release: "2" } });
  expect(exit).toMatchObject({ class: "start.failed", rolledBack: false });
  expect(host.read("state/shop-production/laid")).toBe("releases/2\n");
});

test("without a session of its own, a run ends with its caller's", async () => {
  const broken = without('    setsid sh "$run/runner.sh" --run "$run" 7>&-', '    sh "$run/runner.sh" --run "$run" 7>&-');
  host.set("up.gate", "");
  const { spawn } = await import("node:child_process");
  const { RUN } = await import("@berth/domain/remote/request.ts");
  const caller = spawn("/bin/sh", ["-c", RUN], { env: host.env, stdio: ["pipe", "ignore", "inherit"], detached: true });
  caller.stdin.end(await answered(host, deployOf("job_1"), broken));
  await host.begun();
  process.kill(-caller.pid!, "SIGKILL"); // it was spawned
  host.unset("up.gate");
  expect((await run(broken, "job_1")).exit).toMatchObject({ class: "interrupted" });
});
