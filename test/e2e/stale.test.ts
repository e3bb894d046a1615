/** A plan no longer holds after anything that it says has changed, in the folder or on a real server. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { busyboxImage } from "../lab/images.ts";
import { available } from "../lab/lab.ts";
import type { Server } from "../lab/server.ts";
import { resultOf, type Stage, startStage } from "./stage.ts";

const reason = available();
const project = "shop-production";
const live = `/var/lib/berth/state/${project}/$(readlink /var/lib/berth/state/${project}/current)/compose.yaml`;

const service = (mark: string, more = "") => `
    image: busybox:1.36
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    environment: { MARK: "${mark}" }
${more}`;
const compose = (mark: string, more = "", rest = "") => `services:
  web:${service(mark, `    volumes: ["./site:/site:ro"]\n${more}`)}
  other:${service("same", '    volumes: ["data:/data"]\n    networks: [inner]\n')}
${rest}
networks: { inner: {} }
volumes: { data: {} }
`;

describe.skipIf(reason)(`a plan no longer holds after${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let stage: Stage;
  let server: Server;
  let folder = "";
  const berth = (...args: string[]) => stage.berth.run([...args, "--app", "shop"], { cwd: folder });
  const write = (text: string, site = "hello") => {
    mkdirSync(join(folder, "site"), { recursive: true });
    writeFileSync(join(folder, "compose.yaml"), text);
    writeFileSync(join(folder, "site/index.html"), site);
  };
  const planned = async (): Promise<string> => {
    const { hash } = JSON.parse((await berth("plan", "--json")).stdout);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    return hash;
  };
  const containers = () => server.exec("docker ps -a --no-trunc --format '{{.ID}} {{.State}}' | sort");

  beforeAll(async () => {
    stage = await startStage({ servers: 1 });
    server = stage.lab.servers[0]!; // one was asked for
    folder = join(stage.folder, "shop");
    mkdirSync(folder);
    await stage.addTarget("web1", server);
    await stage.berth.run(["app", "init", "shop"], { cwd: folder });
    write(compose("one"));
    expect(resultOf(await berth("deploy", "--json")).status).toBe("succeeded");
  }, 240_000);
  afterAll(() => stage?.close());
  beforeEach(() => write(compose("next")));

  test.each<[string, () => void]>([
    ["an environment value", () => write(compose("another"))],
    ["a port", () => write(compose("next", '    ports: ["8081:80"]\n'))],
    ["a volume", () => write(compose("next", "    tmpfs: [/run]\n"))],
    ["a label", () => write(compose("next", "    labels: { tier: front }\n"))],
    ["a mounted file", () => write(compose("next"), "another")],
    ["an image", () => write(compose("next").replace("busybox:1.36", "busybox:1.37"))],
    ["a service that is added", () => write(compose("next", "", `  more:${service("more")}`))],
    ["a service that is taken away", () => write(compose("next").replace(/ {2}other:[\s\S]*?(?=\nnetworks)/, ""))],
  ])("%s changed in the folder", async (_, change) => {
    const hash = await planned();
    change();
    const ran = await berth("deploy", "--json", "--plan", hash);
    expect(ran.stdout + ran.stderr).toContain("plan.stale");
    expect(ran.code).not.toBe(0);
  });

  test("other targets than planned", async () => {
    const hash = await planned();
    await stage.addTarget("web2", server);
    const ran = await berth("deploy", "--json", "--plan", hash, "--target", "web2");
    expect(ran.stdout + ran.stderr).toMatch(/plan\.stale[\s\S]*made for web1/);
  });

  const container = (name: string) =>
    `$(docker ps -aq --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=${name})`;
  const byHand = `docker run -d --name hand --label com.docker.compose.project=${project} --label com.docker.compose.service=hand --label com.docker.compose.oneoff=False busybox:1.36 sleep 1000`;
  const restart = async () => {
    expect(resultOf(await berth("app", "start", "--json")).status).toBe("succeeded");
  };
  test.each<[string, () => Promise<unknown>, string, () => Promise<unknown>]>([
    [
      "an image's tag moved",
      () => stage.lab.registry.push("library/busybox:1.36", { ...busyboxImage(), command: ["true"] }),
      "The image busybox:1.36 would have to be pulled",
      () => stage.lab.registry.push("library/busybox:1.36", busyboxImage()),
    ],
    [
      "a container was stopped",
      () => server.exec(`docker stop ${container("other")}`),
      "other would be started now",
      () => server.exec(`docker start ${container("other")}`),
    ],
    [
      "a container was made by hand",
      () => server.exec(byHand),
      "hand was not in the plan and would be removed now",
      () => server.exec("docker rm -f hand"),
    ],
    [
      "the live release's file was edited by hand",
      () => server.exec(`sed -i 's/MARK: "same"/MARK: "edited"/' ${live}`),
      "other would be replaced now, because its variables changed (MARK)",
      () => server.exec(`sed -i 's/MARK: "edited"/MARK: "same"/' ${live}`),
    ],
    ["a container was removed", () => server.exec(`docker rm -f ${container("other")}`), "other would be created now", restart],
    [
      "a volume was removed",
      () => server.exec(`docker rm -f ${container("other")} && docker volume rm ${project}_data`),
      `The volume ${project}_data is not on the server any more`,
      restart,
    ],
    [
      "a network was removed",
      () =>
        server.exec(`docker network disconnect -f ${project}_inner ${container("other")} && docker network rm ${project}_inner`),
      `The network ${project}_inner is not on the server any more`,
      () => server.exec(`docker rm -f ${container("other")}`).then(restart),
    ],
  ])("%s", { timeout: 120_000 }, async (_, change, told, undo) => {
    const hash = await planned();
    await change();
    try {
      const before = await containers();
      const { job } = resultOf(await berth("deploy", "--json", "--plan", hash));
      expect(job.failure).toMatchObject({ class: "plan.stale", message: expect.stringContaining(told) });
      expect(await containers()).toBe(before);
    } finally {
      await undo();
    }
  });

  test("another release was deployed", { timeout: 120_000 }, async () => {
    const hash = await planned();
    write(compose("meanwhile"));
    expect(resultOf(await berth("deploy", "--json")).status).toBe("succeeded");
    write(compose("next"));
    const ran = await berth("deploy", "--json", "--plan", hash);
    expect(ran.stdout + ran.stderr).toMatch(/plan\.stale[\s\S]*is live/);
  });
});
