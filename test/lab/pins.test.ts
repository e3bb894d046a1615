/** Which image serves, judged by the id of the image that the container runs. */

import { filesOf } from "@berth/domain/release/files.ts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { created, deployOf, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

// Four deploys in a test take long on a machine that has much else to do.
vi.setConfig({ testTimeout: 240_000 });

const reason = available();

/** `web` has the tag that moves; the other service has the same image, and a name that cannot be part of a tag. */
const app = (registry: string) => `services:
  web:
    image: ${registry}/app:latest
    ports: ["8080:80"]
    healthcheck: &check
      test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/health"]
      interval: 1s
      timeout: 20s
      retries: 4
  Other_:
    image: ${registry}/app
    healthcheck: *check
`;

describe.skipIf(reason)(`releases of a tag that moves, on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    await push("one");
  });
  afterAll(() => lab?.close());

  const push = (text: string, options?: { health: boolean }) => lab.registry.push("app:latest", pageImage(text, options));
  const deploy = async (release: number, values: Record<string, string> = {}) =>
    (await runOn(server, deployOf(release, app(lab.registry.address), { values }))).exit;
  const inspect = (format: string) =>
    `docker inspect --format '${format}' $(docker ps -q --filter label=com.docker.compose.project=shop-production)`;
  /** The one image that both services' containers run. */
  const serves = async () => {
    const found = new Set((await server.exec(inspect("{{.Image}}"))).trim().split("\n"));
    expect(found.size).toBe(1);
    return [...found].join();
  };
  const idOf = async (image: string) => (await server.exec(`docker image inspect --format '{{.Id}}' ${image}`)).trim();
  const kept = async () =>
    (await server.exec("docker image ls --format '{{.Repository}}:{{.Tag}}' | { grep ^berth/ || true; }"))
      .trim()
      .split("\n")
      .filter((name) => name.startsWith("berth/shop-production/web:"))
      .sort();
  /** As a worker sends a release that names an image for `web`. */
  const named = (release: number, compose: string, image: string) => {
    const bundle = { compose, files: [], variables: {} };
    return runOn(
      server,
      deployOf(release, compose, { files: filesOf({ services: [{ name: "web", image, given: true }] }, bundle) }),
    );
  };
  const pins = (release: number) => server.exec(`cat /var/lib/berth/state/shop-production/${release}.pinned.yaml`);
  const tidy = () => server.exec("docker image prune -f");
  let one = "";
  let two = "";

  test("a release that is sick is put back to the old image, though Docker was tidied up meanwhile", async () => {
    const exit = await deploy(1);
    expect(exit).toMatchObject({ code: 0 });
    one = await serves();
    const shown = exit.containers?.items.map(({ service, image }) => [service, image]);
    expect(Object.fromEntries(shown ?? []), "as they are written").toEqual({
      web: `${lab.registry.address}/app:latest`,
      Other_: `${lab.registry.address}/app`,
    });
    expect(exit.data["image.web"]).toMatch(new RegExp(`^${one} ${lab.registry.address}/app@sha256:[0-9a-f]{64}$`, "u"));
    await push("sick", { health: false });
    await tidy();
    expect(await deploy(2)).toMatchObject({ class: "unhealthy", rolledBack: true });
    expect(await serves()).toBe(one);
    expect(await visit(server)).toBe("one");
    expect(await idOf(`${lab.registry.address}/app:latest`)).not.toBe(one);
  });

  test("a rollback starts the old image again and changes no pin, whether or not a registry answers", async () => {
    await push("two");
    expect(await deploy(3)).toMatchObject({ code: 0 });
    two = await serves();
    expect(two).not.toBe(one);
    const before = await pins(1);
    await push("three");
    await tidy();
    await server.exec("iptables -A OUTPUT -p tcp --dport 5000 -j REJECT");
    expect(await deploy(1, { pull: "missing" })).toMatchObject({ code: 0 });
    await server.exec("iptables -D OUTPUT -p tcp --dport 5000 -j REJECT");
    expect(await serves()).toBe(one);
    expect(await visit(server)).toBe("one");
    expect(await pins(1)).toBe(before);
  });

  test("a release that was healthy keeps its image though it is deployed anew, and its container is not touched", async () => {
    const since = (await server.exec("date +%s.%N")).trim();
    expect(await deploy(1, { pull: "always" })).toMatchObject({ code: 0 });
    expect(await serves()).toBe(one);
    expect(await created(server, since)).toEqual({});
  });

  test("another release with the same image makes no container anew", async () => {
    expect(await deploy(4)).toMatchObject({ code: 0 });
    const since = (await server.exec("date +%s.%N")).trim();
    const fifth = deployOf(5, `${app(lab.registry.address)}# another file\n`);
    expect((await runOn(server, fifth)).exit).toMatchObject({ code: 0, step: "prune" });
    expect(await created(server, since)).toEqual({});
    expect(await visit(server)).toBe("three");
  });

  test("an image that somebody removed is fetched by its digest; one that is in no registry any more is said to be gone", async () => {
    const remove = `docker image rm -f $(docker image ls -q --no-trunc --filter reference='berth/*/*:3') ${two}`;
    await server.exec(`${remove} || true`);
    await expect(idOf(two)).rejects.toThrow();
    expect(await deploy(3, { pull: "missing" })).toMatchObject({ code: 0 });
    expect(await serves()).toBe(two);
    expect(await visit(server)).toBe("two");
    expect(await deploy(5, { pull: "missing" })).toMatchObject({ code: 0 });
    await server.exec(`${remove} || true`);
    await lab.registry.forget("app", (await pinned(3)).split("@")[1] ?? "");
    expect(await deploy(3, { pull: "missing" })).toMatchObject({ class: "image.gone", step: "pull", changed: false });
    expect(await visit(server)).toBe("three");
  });

  const pinned = async (release: number) =>
    (await server.exec(`cut -f 3 /var/lib/berth/state/shop-production/${release}.images`)).split("\n")[0] ?? "";

  test("images of a tag that moves go with their releases, and nobody else's do", async () => {
    await lab.registry.push("library/mine:1", pageImage("mine"));
    await server.exec("docker pull -q mine:1");
    const mine = await idOf("mine:1");
    const ids: string[] = [];
    for (const release of [6, 7, 8]) {
      await push(`page ${release}`);
      expect(await deploy(release, { keep: "2" })).toMatchObject({ code: 0 });
      ids.push(await serves());
    }
    expect(await kept()).toEqual(["berth/shop-production/web:7", "berth/shop-production/web:8"]);
    const here = new Set((await server.exec("docker image ls -aq --no-trunc")).trim().split("\n"));
    expect(here).toEqual(new Set([mine, ...ids.slice(1)]));
  });

  test("everything of an app that is removed goes with it", async () => {
    expect((await runOn(server, { ...deployOf(0, ""), op: "remove", files: [] })).exit).toMatchObject({ code: 0 });
    expect((await server.exec("docker image ls -aq --no-trunc")).trim()).toBe(await idOf("mine:1"));
    expect(await kept()).toEqual([]);
  });

  test("an image that is named for a service counts, though its Compose file builds one and would pull none", async () => {
    await lab.registry.push("elsewhere:7", pageImage("elsewhere"));
    const built = `services:
  web:
    build: .
    pull_policy: build
    ports: ["8080:80"]
`;
    const { exit } = await named(20, built, `${lab.registry.address}/elsewhere:7`);
    expect(exit).toMatchObject({
      code: 0,
      data: { "image.web": expect.stringContaining(`${lab.registry.address}/elsewhere@sha256:`) },
    });
    expect(await visit(server)).toBe("elsewhere");
    await push("three");
    expect((await named(21, app(lab.registry.address), `${lab.registry.address}/app:latest`)).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("three");
    const missing = await named(22, built, `${lab.registry.address}/elsewhere:none`);
    expect(missing.exit).toMatchObject({ class: "image.not_found", changed: false });
    expect(await visit(server), "what serves is not touched").toBe("three");
    expect((await named(20, built, `${lab.registry.address}/elsewhere:7`)).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("elsewhere");
  });
});
