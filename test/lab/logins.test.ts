/** Private images, from a registry that wants a login; and what of that login is on the server afterwards: nothing, anywhere. */
import { spawnSync } from "node:child_process";
import type { Login, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { pageImage } from "./images.ts";
import { available, type Lab, puller, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();
const wrong = Buffer.from("77726f6e672d63616e6172792d37623231", "hex").toString();

describe.skipIf(reason)(`private images on a real server${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  const login = (password = puller.password): Login => ({ registry: lab.registry.locked, user: puller.user, password });
  const app = (image: string, check = "/health") => `services:
  web:
    image: ${lab.registry.locked}/${image}
    ports: ["8080:80"]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1${check}"]
      interval: 1s
      timeout: 20s
      retries: 4
`;
  const deploy = (release: number, compose: string, input: Partial<RunInput> = {}, onEvent?: (event: RunEvent) => void) =>
    runOn(server, deployOf(release, compose, { logins: [login()], ...input }), onEvent);
  const forms = (password: string) =>
    [password, Buffer.from(password).toString("base64"), Buffer.from(`${puller.user}:${password}`).toString("base64")].map(
      (form) => form.replace(/=+$/u, ""),
    );
  const patterns = [...forms(puller.password), ...forms(wrong)].map((form) => `-e ${form}`).join(" ");
  /** Every file that holds a password, of those a server has beside its unchanged system: on its disks, and in memory. */
  const found = async () =>
    (await server.exec(`grep -rlaF --devices=skip ${patterns} /run /tmp /dev/shm 2>/dev/null || true`)) +
    spawnSync("grep", ["-rlaF", "--devices=skip", ...patterns.split(" "), server.folder], { encoding: "utf8" }).stdout;
  /** Processes whose arguments or environment hold one; the search itself is none. */
  const shown = () =>
    server.exec(
      `for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || { cat $p/cmdline $p/environ 2>/dev/null | grep -qaF ${patterns} && tr '\\0' ' ' <$p/cmdline; }; done; true`,
    );

  beforeAll(async () => {
    lab = await startLab({ servers: 1, locked: true });
    server = lab.servers[0]!; // one was asked for
    await lab.registry.push("private:1", pageImage("one"));
    await lab.registry.push("private:2", pageImage("two"));
    await lab.registry.push("private:sick", pageImage("sick", { health: false }));
  });
  afterAll(() => lab?.close());

  test("a login is asked about where images will be pulled, and leaves nothing", async () => {
    const ask = async (held: Login) =>
      (await runOn(server, { ...deployOf(0, ""), op: "login", files: [], values: {}, logins: [held] })).exit;
    expect(await ask(login())).toMatchObject({ code: 0 });
    expect(await ask(login(wrong))).toMatchObject({ code: 1, class: "registry.denied" });
    expect(await ask({ ...login(), registry: `${server.host}:5999` })).toMatchObject({ code: 1, class: "registry.unavailable" });
    expect(await found()).toBe("");
  });

  test("no login, a wrong password and an image that is not there are told apart", async () => {
    expect((await deploy(1, app("private:1"), { logins: [] })).exit).toMatchObject({
      class: "registry.denied",
      message: expect.stringContaining(`${lab.registry.locked} refused the pull, and Berth has no login for it`),
    });
    expect((await deploy(2, app("private:1"), { logins: [login(wrong)] })).exit).toMatchObject({
      class: "registry.denied",
      message: expect.stringContaining(`${lab.registry.locked} refused the login of mona`),
    });
    expect((await deploy(3, app("private:nowhere"))).exit).toMatchObject({ class: "image.not_found", changed: false });
    expect(await found()).toBe("");
  });

  test("a private image deploys; meanwhile no other program sees its login, and afterwards it is nowhere", async () => {
    const seen: Promise<string>[] = [];
    const { exit } = await deploy(4, app("private:1"), {}, ({ type, step }) => {
      if (type === "step" && (step === "pull" || step === "start")) seen.push(shown());
    });
    expect(exit).toMatchObject({ code: 0 });
    expect(await Promise.all(seen)).toEqual(["", ""]);
    expect(await visit(server)).toBe("one");
    expect(await found()).toBe("");
  });

  test("the user's own logins and plugins go on working beside it", async () => {
    await server.exec(
      `mkdir -p /root/.docker/cli-plugins && printf '{"auths":{"${lab.registry.locked}":{"auth":"bm9ib2R5Om5vYm9keQ=="}},"credsStore":"none"}' >/root/.docker/config.json`,
    );
    await server.exec(
      "compose=$(ls /usr/libexec/docker/cli-plugins/docker-compose /usr/lib/docker/cli-plugins/docker-compose 2>/dev/null | head -n 1); cp -L $compose /root/.docker/cli-plugins/docker-compose && mv $compose $compose.away",
    );
    expect((await deploy(5, app("private:2"))).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("two");
    await server.exec(
      "away=$(ls /usr/libexec/docker/cli-plugins/*.away /usr/lib/docker/cli-plugins/*.away 2>/dev/null | head -n 1); mv $away $(echo $away | sed s,.away$,,); rm -r /root/.docker",
    );
    expect(await found()).toBe("");
  });

  test("a rollback pulls again with it what is gone from the server", async () => {
    await server.exec("docker image rm -f $(docker image ls -q --no-trunc --filter reference='berth/*/*:4')");
    expect((await deploy(4, app("private:1"), { values: { pull: "missing" } })).exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("one");
    expect(await found()).toBe("");
  });

  test("it is nowhere after a release that failed, and one that was canceled", async () => {
    expect((await deploy(6, app("private:sick"))).exit).toMatchObject({ class: "unhealthy", rolledBack: true });
    expect(await found()).toBe("");
    const input = deployOf(7, app("private:2", "/later"), { logins: [login()] });
    let canceling: Promise<unknown> | undefined;
    const { exit } = await runOn(server, input, ({ type, step }) => {
      if (type !== "step" || step !== "verify" || canceling) return;
      canceling = runOn(server, { ...input, op: "cancel", job: `${input.job}-cancel`, files: [], values: { run: input.job } });
    });
    await canceling;
    expect(exit).toMatchObject({ class: "canceled" });
    expect(await visit(server)).toBe("one");
    expect(await found()).toBe("");
  });

  /** Runs until containers are started, and lets `cut` befall the server. */
  async function cutShort(release: number, cut: (job: string) => Promise<unknown>): Promise<RunInput> {
    const input = deployOf(release, app("private:2", "/later"), { logins: [login()], fence: 10_000 + release * 10 });
    let cutting: Promise<unknown> | undefined;
    await runOn(server, input, ({ type, step }) => {
      if (type === "step" && step === "verify")
        cutting ??= found().then((files) => [expect(files).not.toBe(""), cut(input.job)][1]);
    }).catch(() => {});
    expect(cutting).toBeDefined();
    await cutting;
    return input;
  }

  test("it is nowhere after the runner was killed, without another run; the release before is put back by the next try", async () => {
    const input = await cutShort(8, (job) => server.exec(`kill -9 $(cat /var/lib/berth/runs/${job}/pid)`));
    await expect.poll(found).toBe("");
    const again = await runOn(server, {
      ...input,
      op: "cancel",
      job: `${input.job}-cancel`,
      fence: input.fence + 1,
      files: [],
      values: { run: input.job },
    });
    expect(again.exit).toMatchObject({ class: "canceled", rolledBack: true });
    expect(await visit(server)).toBe("one");
    expect(await found()).toBe("");
  });

  test("it is nowhere after the power was cut in the middle of a run, without another run", async () => {
    await cutShort(9, () => server.stop());
    await server.start();
    expect(await found()).toBe("");
  });
});
