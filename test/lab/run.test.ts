import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { created, deployOf, type Outcome, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const page = (tag: string, more = "") => `services:
  web:
    image: page:${tag}
    ports: ["8080:80"]
    volumes: ["./data:/data"]
    healthcheck: { test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/health"], interval: 1s, retries: 2 }
${more}`;
/** Healthy only after some seconds, so that something can happen meanwhile. */
const slow = (tag: string) =>
  page(tag)
    .replace('"wget"', '"sh", "-c", "sleep 2; exec \\"$$@\\"", "sh", "wget"')
    .replace("interval: 1s", "interval: 1s, timeout: 5s");

describe.skipIf(reason)(`a run on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  const now = () => server.exec("date +%s.%N").then((text) => text.trim());
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await Promise.all(["1", "2", "3"].map((tag) => lab.registry.push(`library/page:${tag}`, pageImage(`page ${tag}`))));
    expect((await runOn(server, deployOf(1, page("1")))).exit.code).toBe(0);
  });
  afterAll(() => lab?.close());

  test("whose SSH session is killed goes on; who attaches sees the rest, and the containers were made once", async () => {
    const since = await now();
    const input = deployOf(2, slow("2"));
    const seen: number[] = [];
    const lost = runOn(server, input, (event) => {
      seen.push(event.seq);
      if (event.text?.includes("Started")) void server.dropSsh();
    });
    await expect(lost).rejects.toMatchObject({ class: "dropped" });
    const { exit, events } = await runOn(server, { ...input, fence: input.fence + 100, from: seen.at(-1) ?? 0 });
    expect(exit).toMatchObject({ code: 0 });
    const all = [...seen, ...events.map((event) => event.seq)];
    expect(all).toEqual(all.map((_, index) => index + 1));
    expect(await created(server, since)).toEqual({ web: 1 });
    expect(await visit(server)).toBe("page 2");
    const stale = await runOn(server, { ...deployOf(1, page("1")), fence: input.fence + 99 });
    expect(stale.exit).toMatchObject({ code: 76, class: "fence" });
    expect(await visit(server)).toBe("page 2");
  });

  test("survives the end of the whole sshd, and keeps another job out meanwhile", async () => {
    const input = { ...deployOf(3, slow("3")), fence: 1_000 };
    const lost = runOn(server, input, (event) => {
      if (event.text?.includes("Started")) void server.stopSsh().then(() => server.dropSsh().catch(() => {}));
    }).catch((error: unknown) => error);
    await server.exec("until docker ps --format '{{.Image}} {{.Status}}' | grep -q starting; do sleep 0.1; done");
    const other = await runOn(server, { ...deployOf(1, page("1")), fence: 1_001 }).catch((error: unknown) => error);
    if (other instanceof Error) expect(other).toMatchObject({ name: "RemoteError" });
    else expect((other as Outcome).exit).toMatchObject({ class: "busy", data: { holder: input.job } });
    const ended = await lost;
    if (ended instanceof Error) expect(ended).toMatchObject({ name: "RemoteError" });
    await server.startSsh();
    expect((await runOn(server, { ...input, fence: 1_002 })).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("page 3");
  });

  test("of two jobs at once: one is done, the other is told who is doing what", async () => {
    const first = { ...deployOf(4, slow("1")), fence: 2_000 };
    const running = runOn(server, first);
    await server.exec("until docker ps --format '{{.Status}}' | grep -q starting; do sleep 0.1; done");
    const second = await runOn(server, { ...deployOf(5, page("2")), fence: 2_001 });
    expect(second.exit).toMatchObject({ code: 75, class: "busy", data: { holder: first.job } });
    expect((await running).exit.code).toBe(0);
    expect(await visit(server)).toBe("page 1");
  });

  test("that is canceled puts the previous release back and says so", async () => {
    const input = { ...deployOf(6, slow("2")), fence: 3_000 };
    const running = runOn(server, input);
    await server.exec("until docker ps --format '{{.Status}}' | grep -q starting; do sleep 0.1; done");
    const cancel = await runOn(server, {
      op: "cancel",
      job: `${input.job}-cancel`,
      fence: 3_000,
      from: 0,
      files: [],
      values: { run: input.job },
    });
    expect(cancel.exit).toMatchObject({ code: 1, class: "canceled", rolledBack: true });
    const { report: _, ...exit } = (await running).exit;
    expect(exit).toEqual(cancel.exit);
    expect(await visit(server)).toBe("page 1");
  });

  test("that the server's end interrupts says so; a higher fence then brings it about, and files written before are still there", async () => {
    await server.exec("echo precious >/var/lib/berth/apps/shop-production/data/file");
    const input = { ...deployOf(7, slow("3")), fence: 4_000 };
    const lost = runOn(server, input, (event) => {
      if (event.text?.includes("Started")) void server.stop();
    });
    await expect(lost).rejects.toMatchObject({ name: "RemoteError" });
    await server.start();
    expect((await runOn(server, input)).exit).toMatchObject({ code: 75, class: "interrupted" });
    expect((await runOn(server, { ...input, fence: 4_001 })).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("page 3");
    expect(await server.exec("docker exec shop-production-web-1 cat /data/file")).toBe("precious\n");
  });
});
