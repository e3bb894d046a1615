import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const service = (image: string, more = "") => `services:\n  web:\n    image: ${image}\n    ports: ["8080:80"]\n${more}`;

describe.skipIf(reason)(`kinds of real servers${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await lab.registry.push("library/page:1", pageImage("page 1"));
  });
  afterAll(() => lab?.close());

  test("a check tells what the server is", async () => {
    const { exit } = await runOn(server, { op: "check", job: "check", fence: 0, from: 0, files: [], values: {} });
    expect(exit.code).toBe(0);
    expect(exit.data).toMatchObject({
      root: "true",
      user: "root",
      docker: expect.stringMatching(/^\d+\./u),
      compose: expect.stringMatching(/^[2-9]\./u),
      os: expect.stringContaining("Linux"),
    });
  });

  test("a user without root has everything in a folder of their own", async () => {
    await server.exec(
      "useradd --create-home --groups docker --password '*' deploy && cp -r /root/.ssh /home/deploy/ && chown -R deploy /home/deploy/.ssh",
    );
    const deploy = { ...server, user: "deploy" };
    const values = { project: "own-production", app_id: "ten_1/app_3", settle_seconds: "0" };
    const { exit } = await runOn(deploy, deployOf(1, service("page:1").replace("8080", "8088"), { values }));
    expect(exit).toMatchObject({ code: 0 });
    expect(await visit(server, 8088)).toBe("page 1");
    expect(
      (
        await server.exec("stat -c '%U %a' /home/deploy/.berth; readlink /home/deploy/.berth/state/own-production/current")
      ).trim(),
    ).toBe("deploy 700\nreleases/1");
    const check = await runOn(deploy, { op: "check", job: "check", fence: 0, from: 0, files: [], values: {} });
    expect(check.exit.data).toMatchObject({ root: "false", user: "deploy" });
    await server.exec("gpasswd -d deploy docker");
    const barred = await runOn(deploy, { op: "check", job: "check", fence: 0, from: 0, files: [], values: {} });
    expect(barred.exit).toMatchObject({ code: 69, class: "docker.denied" });
  });

  test("where systemd is, a run is put into a scope of its own; where it refuses, the run starts all the same", async () => {
    await server.exec("mkdir -p /run/systemd/system");
    for (const [script, number] of [
      ['#!/bin/sh\necho "$@" >>/scopes\nshift 3\nexec "$@"\n', 50],
      ["#!/bin/sh\necho refused >>/scopes\nexit 1\n", 51],
    ] as const) {
      await server.exec(`cat >/usr/bin/systemd-run <<'EOF'\n${script}EOF\nchmod +x /usr/bin/systemd-run`);
      expect(
        (await runOn(server, deployOf(number, `${service("page:1")}# ${number}\n`, { values: { settle_seconds: "0" } }))).exit,
      ).toMatchObject({
        code: 0,
      });
    }
    expect(await server.exec("cat /scopes")).toMatch(/^--quiet --scope --collect sh \S+\/runner.sh --run \S+\nrefused\n$/u);
  });

  test("its containers are told as Docker has them: running, healthy, stopped by hand, left over, gone", async () => {
    const compose = `${service("page:1").replace("8080", "8089")}    healthcheck: { test: ["CMD", "true"], interval: 1s }
  quiet:
    image: page:1
    restart: always
  once:
    image: page:1
    command: ["true"]
`;
    const values = { project: "seen-production", app_id: "ten_1/app_4", settle_seconds: "0" };
    const deployed = await runOn(server, deployOf(70, compose, { values }));
    const of = (found: typeof deployed.exit.containers, name: string) => found?.items.find((each) => each.service === name);
    expect(deployed.exit).toMatchObject({ code: 0 });
    expect(of(deployed.exit.containers, "web")).toMatchObject({ state: "running", health: "healthy" });
    const look = async () =>
      (
        await runOn(server, {
          op: "inspect",
          job: "i",
          fence: 0,
          from: 0,
          files: [],
          values: { project: values.project, app_id: values.app_id },
        })
      ).exit.containers;
    const first = await look();
    expect(first).toMatchObject({ expected: expect.arrayContaining(["web", "quiet", "once"]), more: 0 });
    expect(of(first, "web")).toMatchObject({
      name: "seen-production-web-1",
      state: "running",
      health: "healthy",
      restarts: 0,
      imageId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/u),
      ports: expect.arrayContaining([{ address: "0.0.0.0", published: 8089, port: 80, protocol: "tcp" }]),
      startedAt: expect.stringMatching(/^20/u),
      finishedAt: null,
      restartPolicy: "no",
    });
    expect(of(first, "quiet")).toMatchObject({ state: "running", health: null, restartPolicy: "always" });
    expect(of(first, "once")).toMatchObject({ state: "exited", exitCode: 0, finishedAt: expect.stringMatching(/^20/u) });
    await server.exec("docker kill seen-production-web-1 && docker rm -f seen-production-quiet-1");
    await server.exec(
      "docker run -d --name left --label com.docker.compose.project=seen-production --label com.docker.compose.service=old --label com.docker.compose.oneoff=False page:1",
    );
    const second = await look();
    expect(of(second, "web")).toMatchObject({ state: "exited", exitCode: 137, ports: [] });
    expect(of(second, "quiet")).toBeUndefined();
    expect(of(second, "old")).toMatchObject({ name: "left", state: "running" });
    await server.exec("docker rm -f left");
  });

  test("live logs come as they are written, until the time that was asked for is over", async () => {
    const ticking =
      "services:\n  web:\n    image: page:1\n    command: ['sh', '-c', 'n=0; while true; do n=$$((n+1)); echo tick $$n; sleep 0.2; done']\n";
    expect((await runOn(server, deployOf(60, ticking, { values: { settle_seconds: "0" } }))).exit).toMatchObject({ code: 0 });
    const times: number[] = [];
    const values = { project: "shop-production", app_id: "ten_1/app_1", follow: "1", tail: "0", timeout_seconds: "8" };
    const { exit, events } = await runOn(server, { op: "logs", job: "l", fence: 0, from: 0, files: [], values }, () =>
      times.push(Date.now()),
    );
    expect(exit).toMatchObject({ code: 0 });
    expect(events.filter((event) => /^tick \d+$/u.test(event.text ?? "")).length).toBeGreaterThan(4);
    expect(times.at(-2)! - times[0]!).toBeGreaterThan(800); // there were more than four
  });
});
