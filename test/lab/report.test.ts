/** What a server reports for a plan: how its Compose reads the release, and what is there. */

import { readReport } from "@berth/domain/plan/read-report.ts";
import type { Report } from "@berth/domain/plan/report.ts";
import type { Decision, RunInput } from "@berth/domain/remote/remote.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deployOf, planned, runOn } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import { timeOn } from "./planned.ts";
import type { Server } from "./server.ts";

vi.setConfig({ testTimeout: 240_000 });

const reason = available();

describe.skipIf(reason)(`a report for a plan, on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await lab.registry.push("app:1", pageImage("one"));
    await lab.registry.push("app:2", pageImage("two"));
  });
  afterAll(() => lab?.close());

  const app = (tag: string, variable = "a") => `services:
  web:
    image: ${lab.registry.address}/app:${tag}
    environment: {NAME: "${variable}"}
    volumes: ["data:/data", "./site:/site:ro"]
  worker:
    image: ${lab.registry.address}/app:1
  sometimes:
    image: ${lab.registry.address}/app:1
    profiles: [extra]
volumes:
  data: {}
`;
  const input = (release: number, compose: string, site = "hello") => ({
    ...deployOf(release, compose),
    files: [
      { path: "compose.yaml", content: compose },
      { path: "site/index.html", content: site },
    ],
  });
  async function reported(release: number, compose: string, site?: string): Promise<Report> {
    const { exit } = await runOn(server, { ...input(release, compose, site), op: "plan", fence: 0 });
    expect(exit).toMatchObject({ code: 0 });
    return readReport(exit.report ?? new Uint8Array());
  }
  const everything = () =>
    server.exec("find /var/lib/berth -type f | sort; docker ps -aq; docker volume ls -q; docker image ls -q | sort");

  test("before the first release and beside it, and asking changes nothing", async () => {
    const none = await reported(1, app("1"));
    expect(none.live).toBeUndefined();
    expect(none.containers).toEqual([]);
    expect(none.images).toEqual(new Map());
    const [name] = none.registry.keys();
    expect(name).toBe(`${lab.registry.address}/app:1`);
    expect(none.registry.get(name ?? "")?.bytes).toBeGreaterThan(1000);
    expect(none.diskFreeMb).toBeGreaterThan(0);
    expect(none.memoryFreeMb).toBeGreaterThan(0);

    expect((await runOn(server, input(1, app("1")))).exit).toMatchObject({ code: 0 });
    const before = await everything();
    const again = await reported(2, app("2", "b"), "changed");
    expect(await everything()).toBe(before);
    const services = (file: Report["release"]["file"]) => file.services as Record<string, { environment: unknown }>;
    expect(services(again.release.file).web?.environment).toEqual({ NAME: "b" });
    expect(again.live && services(again.live.file).web?.environment).toEqual({ NAME: "a" });
    expect(again.release.inactive).toEqual(new Set(["sometimes"]));
    expect(again.containers.map(({ service, state }) => `${service} ${state}`).sort()).toEqual(["web running", "worker running"]);
    expect(again.live?.files.get("web")).toMatch(/^\d+-\d+$/);
    expect(again.release.files.get("web")).not.toBe(again.live?.files.get("web"));
    expect(again.release.files.has("worker")).toBe(false);
    expect(again.volumes).toContain("shop-production_data");
    expect(again.networks).toContain("shop-production_default");
    const id = again.containers[0]?.image;
    expect([...(again.live?.pinned.values() ?? [])]).toEqual([id, id]);
    expect(again.images.get(`${lab.registry.address}/app:1`)?.id).toBe(id);
    // The registry tells the id that an image will have here before it is pulled.
    expect(again.registry.get(`${lab.registry.address}/app:1`)?.id).toBe(id);
    expect(again.registry.get(`${lab.registry.address}/app:2`)?.id).not.toBe(id);
  });

  test("after a service was replaced, for how long it was away", async () => {
    expect((await reported(2, app("2", "b"))).downtimes).toEqual(new Map());
    expect((await runOn(server, input(2, app("2", "b")))).exit).toMatchObject({ code: 0 });
    const { downtimes } = await reported(3, app("1"));
    expect([...downtimes.keys()]).toEqual(["web"]);
    expect(downtimes.get("web")).toBeGreaterThan(0);
  });

  test("a file that Compose refuses is refused with its reason, and another app's folder is not looked into", async () => {
    const { exit } = await runOn(server, {
      ...input(3, "services:\n  web:\n    image: x\n    nonsense: 1\n"),
      op: "plan",
      fence: 0,
    });
    expect(exit).toMatchObject({ code: 1, class: "compose.invalid", message: expect.stringContaining("nonsense") });
    const stranger = { ...input(3, app("1")), op: "plan" as const, fence: 0 };
    const other = await runOn(server, { ...stranger, values: { ...stranger.values, app_id: "ten_2/app_1" } });
    expect(other.exit).toMatchObject({ code: 1, class: "conflict" });
    expect(other.exit.report).toBeUndefined();
  });

  test("a run that asks begins when it is told to, and otherwise nothing is done; a second one may not come between", async () => {
    const asking = (run: RunInput, decide: (report: Uint8Array | undefined) => Promise<Decision>) => ({
      ...run,
      values: { ...run.values, ask: "1" },
      decide,
    });
    const before = await everything();
    let seen: Report | undefined;
    const first = input(4, app("2", "c"));
    const refused = await runOn(
      server,
      asking(first, async (report) => {
        seen = await readReport(report ?? new Uint8Array());
        // The server is this run's while it waits for the answer.
        const other = await runOn(server, { ...input(5, app("1")), fence: first.fence });
        expect(other.exit).toMatchObject({ code: 75, class: "busy" });
        return { no: "plan.stale", reasons: ["web would be replaced", "port 80 is taken"] };
      }),
    );
    expect(seen?.containers).toHaveLength(2);
    const message = "web would be replaced\nport 80 is taken";
    expect(refused.exit).toMatchObject({ code: 1, class: "plan.stale", message, changed: false });
    expect(await everything()).toBe(before);

    const lost = runOn(
      server,
      asking(input(6, app("2", "c")), async () => {
        await server.dropSsh();
        return { go: "run", plan: [] };
      }),
    );
    await expect(lost).rejects.toMatchObject({ class: "dropped" });
    expect(await everything()).toBe(before);

    expect(
      (
        await runOn(
          server,
          asking(input(7, app("2", "c")), async () => ({
            go: "run",
            plan: ["replaces web (image)", "pull web", "pin", "place", "up web", "wait web worker", "record"],
          })),
        )
      ).exit,
    ).toMatchObject({ code: 0, step: "record" });
    const { live } = await reported(8, app("2", "c"));
    expect(live?.file.services).toMatchObject({ web: { environment: { NAME: "c" } } });
  });

  async function deployed(run: RunInput) {
    const since = await timeOn(server);
    const { exit, events } = await runOn(server, planned(run));
    const happened = await server.exec(`docker events --since ${since} --until $(date +%s.%N) --format '{{.Type}} {{.Action}}'`);
    return { exit, events, happened: happened.trim().split("\n").filter(Boolean) };
  }

  test("a release that is live is not deployed again: Docker does nothing, and the run is none", async () => {
    const first = await deployed(input(10, app("2", "d"), "same"));
    expect(first.exit).toMatchObject({ code: 0, changed: true });
    expect(first.events.filter(({ type }) => type === "plan").map(({ text }) => text)).toEqual([
      "replaces web (environment, files), leaves worker",
    ]);
    const before = await everything();
    const again = await deployed(input(11, app("2", "d"), "same"));
    expect(again.exit).toMatchObject({
      code: 0,
      unchanged: true,
      changed: false,
      data: { "image.web": expect.stringMatching(/^sha256:/) },
    });
    expect(again.events.map(({ seq, type, text }) => [seq, type, text ?? ""])).toEqual([
      [1, "step", ""],
      [2, "plan", "nothing to change"],
      [3, "result", ""],
    ]);
    expect(again.happened).toEqual([]);
    expect(await everything()).toBe(before);
  });

  test("a file that no service is given is put in place without a pull, and nothing restarts", async () => {
    const run = input(12, app("2", "d"), "same");
    const { exit, events, happened } = await deployed({ ...run, files: [...run.files, { path: "README", content: "read me" }] });
    expect(exit).toMatchObject({ code: 0 });
    expect(exit.unchanged).toBeUndefined();
    expect(events.find(({ type }) => type === "plan")?.text).toBe("leaves web and worker");
    expect(happened.filter((each) => !/^image tag|exec_|health_status/.test(each))).toEqual([]);
    expect(await server.exec("cat /var/lib/berth/apps/shop-production/README")).toBe("read me");
  });

  test("a file that was changed on the server is no reason to say that nothing is to change", async () => {
    await server.exec("echo other >/var/lib/berth/apps/shop-production/site/index.html");
    const run = input(13, app("2", "d"), "same");
    const { exit } = await deployed({ ...run, files: [...run.files, { path: "README", content: "read me" }] });
    expect(exit).toMatchObject({ code: 0 });
    expect(exit.unchanged).toBeUndefined();
  });

  test("what is planned is kept with the run, for those who attach to it", async () => {
    const { exit } = await runOn(server, { ...planned(input(14, app("1", "d"))), job: "job_kept" });
    expect(exit).toMatchObject({ code: 0 });
    const kept = (name: string) => server.exec(`cat /var/lib/berth/runs/job_kept/${name}`);
    expect(await kept("operations")).toBe("pin\nplace\nup web\nwait web worker\nrecord\nprune\n");
    expect(await kept("done")).toBe(await kept("operations"));
    const attached = await runOn(server, { ...input(14, app("1", "d")), job: "job_kept", fence: 10_000 });
    expect(attached.events.slice(0, 2)).toMatchObject([
      { seq: 1, type: "step", step: "plan" },
      { seq: 2, type: "plan", text: "replaces web (image, files), leaves worker" },
    ]);
  });
});
