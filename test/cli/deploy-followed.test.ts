import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { containersOf, failed, succeeded } from "../support/reach.ts";
import { berth, cli, compose, type Play, tenant, useShop } from "./deploys.ts";

useShop();

/** Goes on until it is canceled on the server. */
const endless: Play = async (_, tell) => {
  tell({ type: "step", step: "preflight" });
  tell({ type: "step", step: "pull" });
  while (!cli.reach.runs.some(({ op }) => op === "cancel")) await sleep(25);
  return failed({ class: "canceled", step: "pull", message: "Canceled" });
};

describe("a job", () => {
  test("that is canceled ends its watcher with 2, and what served before serves on", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    await berth(["deploy"]);
    cli.reach.next(endless);
    let canceling: ReturnType<typeof berth> | undefined;
    let seen = "";
    const run = await berth(["deploy"], {
      watch: (text: string) => {
        seen += text;
        const id = /\((job_\w+)\)/.exec(seen)?.[1];
        if (id && / pull\b/.test(seen) && !canceling) canceling = cli.berth(["jobs", "cancel", id], { token: tenant.secret });
      },
    });
    expect((await canceling)?.stdout).toMatch(/is being canceled/);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("Canceled: release 2");
    expect(run.stderr).toContain("Nothing was changed: release 1 is still live.");
  });

  test("goes on when Ctrl-C ends the watcher without a terminal", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    cli.reach.next(async (_, tell) => {
      tell({ type: "step", step: "pull" });
      await left;
      return succeeded();
    });
    let struck = false;
    const run = await berth(["deploy"], {
      watch: (text: string, child: ChildProcess) => {
        if (struck || !text.includes("pull")) return;
        struck = true;
        child.once("exit", leave);
        child.kill("SIGINT");
      },
    });
    expect(run.code).toBe(2);
    const id = /Detached\. The job goes on: berth jobs watch (job_\w+)/.exec(run.stderr)?.[1] ?? "";
    expect(run.stderr).toContain(`To cancel it: berth jobs cancel ${id}`);
    expect((await berth(["jobs", "show", id, "--json"])).json.status).toBe("succeeded");
  });

  test("that waits for the server to be reached says why and when it is tried again", async () => {
    await tenant.target("web1");
    await tenant.app("shop");
    cli.reach.refuse(new RemoteError("unreachable", "no route"));
    let struck = false;
    const run = await berth(["deploy"], {
      watch: (text: string, child: { kill: (signal: string) => void }) => {
        if (struck || !text.includes("tried again")) return;
        struck = true;
        child.kill("SIGINT");
      },
    });
    expect(run.stdout).toMatch(/· web1 {2}The server cannot be reached: no route; tried again by itself at \d\d:\d\d:\d\d/);
  });
});

describe("how long a deploy waits", () => {
  const waited = () => cli.reach.runs.findLast(({ op }) => op === "deploy")?.values.wait_seconds;

  test("is what --wait says, else berth.yaml, else the Compose file; and a rollback to that release waits as long", async () => {
    await tenant.target("web1");
    expect((await berth(["deploy", "--yes"])).code).toBe(0);
    expect(waited()).toBeUndefined();
    const set = await cli.folder({ "compose.yaml": compose, "berth.yaml": "app: shop\nwait: 10m\n" }, "shop");
    expect((await berth(["deploy"], { cwd: set })).code).toBe(0);
    expect(waited()).toBe("600");
    expect((await berth(["deploy", "--wait", "1m30s"], { cwd: set })).code).toBe(0);
    expect(waited()).toBe("90");
    expect((await berth(["rollback", "2", "--app", "shop"])).code).toBe(0);
    expect(waited()).toBe("600");
  });

  test.each(["10", "m", "-1m", "1 m", "46m", "0s", "1d", "9999999s"])(
    "%j is refused, and where it was written is named",
    async (text) => {
      const flag = await berth(["deploy", "--yes", `--wait=${text}`]);
      expect(flag.code).toBe(1);
      expect(flag.stderr).toContain("--wait");
      const set = await cli.folder({ "compose.yaml": compose, "berth.yaml": `wait: "${text}"\n` }, "shop");
      const setting = await berth(["deploy", "--yes"], { cwd: set });
      expect(setting.stderr).toContain("berth.yaml, wait");
    },
  );
});

test("what Docker says is told by status and list with its age, never what the table only thinks, and start brings it back", async () => {
  await tenant.target("web1");
  expect((await berth(["deploy", "--yes", "--json"])).lines.at(-1)).toMatchObject({
    type: "result",
    page: expect.stringMatching(/\/jobs\/job_/),
    addresses: [{ service: "web", target: "web1", url: "http://127.0.0.1:8080" }],
  });
  const why = 'It was not started again when the server restarted: its restart policy is "no".';
  const down = { service: "web", state: "exited", exitCode: 137, health: null, ports: [], restartPolicy: "no" };
  await cli.test.clock.advance(5); // of what was seen a moment ago no server is asked again
  const reboot = { bootedAt: "2027-03-01T11:30:00.000Z" };
  cli.reach.next(() => ({ ...succeeded(), containers: { ...containersOf(down), ...reboot } }));
  const status = await berth(["app", "status", "shop"]);
  expect(status.code, status.stderr).toBe(0);
  expect(status.stdout).toMatch(/production {2}stopped, seen just now/);
  expect(status.stdout).toMatch(/web +web1 +exited \(137\)/);
  expect(status.stdout.replaceAll(/\s+/g, " ")).toContain(`! web on web1: ${why}`);
  expect(status.stdout).toContain("berth app start shop");
  expect((await berth(["app", "list"])).stdout).toMatch(/shop +production +stopped, seen/);
  const asked = cli.reach.runs.length;
  expect((await berth(["app", "status", "shop", "--last-seen"])).stdout).toContain("stopped, seen");
  expect(cli.reach.runs.length).toBe(asked);
  const started = await berth(["app", "start", "shop"]);
  expect(started.stdout, started.stderr).toContain("✓ Started: release 1 runs on web1");
  expect(cli.reach.runs.at(-1)).toMatchObject({ op: "deploy", values: { release: "1", pull: "missing" } });
  expect((await berth(["app", "list"])).stdout).toMatch(/shop +production +running, seen/);
});
