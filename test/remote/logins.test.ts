/** What a run does with logins of registries; with real registries in test/lab/logins.test.ts. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Login } from "@berth/domain/remote/remote.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";
import { deployOf, eventually, type Host, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";

const mona: Login = { registry: "ghcr.io", user: "mona", password: "canary\"$(id)`\\' Ü" };
const hub: Login = { registry: "docker.io", user: "hub", password: "second canary" };
const auth = ({ user, password }: Login) => Buffer.from(`${user}:${password}`).toString("base64");
const auths = { "ghcr.io": { auth: auth(mona) }, "https://index.docker.io/v1/": { auth: auth(hub) } };
const credHelpers = { "ghcr.io": "", "https://index.docker.io/v1/": "" };
const logins = [mona, hub];

const fake = (made: Host) => `${dirname(made.home)}/fake`;
const configuration = (made: Host) =>
  JSON.parse(readFileSync(`${fake(made)}/configuration/config.json`, "utf8")) as Record<string, unknown>;
const configured = (made: Host) =>
  readFileSync(`${fake(made)}/configured`, "utf8")
    .trim()
    .split("\n");
const link = (made: Host) => `${made.home}/logins`;
/** The folder with the logins of the run under way. */
const folder = (made: Host) => readlinkSync(link(made));
/** Files below the host's own folders that have a login in them, in any of its forms. */
const leaks = (made: Host) => {
  const forms = logins.flatMap((login) => [login.password, auth(login), Buffer.from(login.password).toString("base64")]);
  const args = ["-rlaF", "--devices=skip", "--exclude-dir=fake", ...forms.flatMap((form) => ["-e", form]), dirname(made.home)];
  try {
    return execFileSync("grep", args, { encoding: "utf8" }).trim().split("\n");
  } catch {
    return []; // grep found nothing
  }
};

test.each(shells)("pulls have the logins and nothing else has, with %s", async (...shell) => {
  const made = host();
  const { exit } = await runOn(made, deployOf("job_1", { logins }), shell);
  expect(exit).toMatchObject({ code: 0 });
  expect(configured(made)).toEqual([expect.stringContaining(" pull -- web")]);
  expect(configuration(made)).toEqual({ auths, credHelpers });
  expect(existsSync(link(made))).toBe(false);
  expect(leaks(made)).toEqual([]);
});

test("they are in memory where the server has a place for it, for their user alone", async () => {
  const made = host();
  made.set("up.gate", "");
  const run = runOn(made, deployOf("job_1", { logins }));
  await made.begun();
  const kept = folder(made);
  expect(execFileSync("stat", ["-f", "-c", "%T", kept], { encoding: "utf8" })).toBe("tmpfs\n");
  expect(statSync(kept).mode & 0o777).toBe(0o700);
  expect(statSync(`${kept}/config.json`).mode & 0o777).toBe(0o600);
  expect(leaks(made)).toEqual([]);
  made.unset("up.gate");
  expect((await run).exit).toMatchObject({ code: 0 });
  expect(existsSync(kept)).toBe(false);
});

describe("the user's own Docker configuration", () => {
  const own = {
    auths: { "ghcr.io": { auth: "b2xkOm9sZA==" }, "quay.io": { auth: "bWluZTptaW5l" } },
    credsStore: "pass",
    credHelpers: { "123.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login", "ghcr.io": "gh" },
    proxies: { default: { httpProxy: "http://proxy:3128" } },
    currentContext: "default",
  };
  const given = (made: Host, text: string, at = `${dirname(made.home)}/.docker`) => {
    for (const name of ["cli-plugins", "contexts/meta"]) mkdirSync(`${at}/${name}`, { recursive: true });
    writeFileSync(`${at}/cli-plugins/docker-compose`, "");
    writeFileSync(`${at}/config.json`, text);
    return at;
  };

  test.each(["", "\n", " \r\n\n"])("works on beside the logins, which come before it (it ends with %j)", async (end) => {
    const made = host();
    const at = given(made, JSON.stringify(own, null, 2) + end);
    expect((await runOn(made, deployOf("job_1", { logins }))).exit).toMatchObject({ code: 0 });
    // As Docker reads it: of two members of one name the maps are merged, and the last entry counts.
    const text = readFileSync(`${fake(made)}/configuration/config.json`, "utf8");
    const cut = text.lastIndexOf(',"auths":');
    expect(JSON.parse(`${text.slice(0, cut)}}`)).toEqual(own);
    expect(JSON.parse(`{${text.slice(cut + 1)}`)).toEqual({ auths, credHelpers });
    expect(readlinkSync(`${fake(made)}/configuration/cli-plugins`)).toBe(`${at}/cli-plugins`);
    expect(readlinkSync(`${fake(made)}/configuration/contexts`)).toBe(`${at}/contexts`);
    expect(lstatSync(`${at}/cli-plugins/docker-compose`).isFile()).toBe(true);
    expect(JSON.parse(readFileSync(`${at}/config.json`, "utf8"))).toEqual(own);
    expect(readFileSync(`${fake(made)}/env`, "utf8")).not.toContain("DOCKER_CONFIG");
  });

  test("is the one that its variable names, which everything but pulls still has", async () => {
    const made = host();
    const at = given(made, "{}", `${dirname(made.home)}/elsewhere`);
    Object.assign(made.env, { DOCKER_CONFIG: at });
    expect((await runOn(made, deployOf("job_1", { logins: [mona] }))).exit).toMatchObject({ code: 0 });
    expect(readFileSync(`${fake(made)}/env`, "utf8")).toContain(`DOCKER_CONFIG=${at}\n`);
    expect(existsSync(`${at}/cli-plugins/docker-compose`)).toBe(true);
  });

  test("that cannot be read is no obstacle", async () => {
    const made = host();
    given(made, '{"auths": ');
    expect((await runOn(made, deployOf("job_1", { logins }))).exit).toMatchObject({ code: 0 });
    expect(configuration(made)).toEqual({ auths, credHelpers });
  });
});

describe("logins are gone", () => {
  test("before the verdict is told, by the run itself and not only by what watches over it", async () => {
    const made = host();
    const unwatched = runner.replace("  hold_logins\n", '  kept=$(readlink "$base/logins") || kept=\n');
    expect(unwatched).not.toBe(runner);
    const { exit } = await runOn(made, deployOf("job_1", { logins }), ["/bin/sh"], unwatched);
    expect(exit).toMatchObject({ code: 0 });
    expect(existsSync(link(made))).toBe(false);
    expect(leaks(made)).toEqual([]);
  });

  test("when a release has failed, and a put-back has pulled with them", async () => {
    const made = host();
    expect((await runOn(made, deployOf("job_1"))).exit).toMatchObject({ code: 0 });
    made.set("up.tidies", "");
    made.set("up.status", "1");
    made.set("up.lines", "Error response from daemon: no\n");
    const { exit } = await runOn(made, deployOf("job_2", { fence: 2, logins, values: { release: "2" } }));
    expect(exit).toMatchObject({ class: "start.failed" });
    expect(configured(made)).toEqual([expect.stringContaining(" pull -- web"), expect.stringMatching(/^pull --quiet -- /u)]);
    expect(existsSync(link(made))).toBe(false);
    expect(leaks(made)).toEqual([]);
  });

  test("when a run was canceled", async () => {
    const made = host();
    made.set("up.gate", "");
    const run = runOn(made, deployOf("job_1", { logins }));
    await made.begun();
    const kept = folder(made);
    const cancel = runOn(made, deployOf("stop_1", { op: "cancel", files: [], values: { run: "job_1" }, logins }));
    await eventually(() => existsSync(`${made.home}/runs/job_1/canceled`));
    made.unset("up.gate");
    expect((await cancel).exit).toMatchObject({ class: "canceled" });
    expect((await run).exit).toMatchObject({ class: "canceled" });
    expect([existsSync(kept), existsSync(link(made)), leaks(made)]).toEqual([false, false, []]);
  });

  test("when the runner was killed, without another run", async () => {
    const made = host();
    made.set("up.gate", "");
    const run = runOn(made, deployOf("job_1", { logins }));
    await made.begun();
    const kept = folder(made);
    process.kill(Number(made.read("runs/job_1/pid")), "SIGKILL");
    made.unset("up.gate"); // what it started ends by itself
    expect((await run).exit).toMatchObject({ class: "interrupted" });
    await eventually(() => !existsSync(kept));
    expect(leaks(made)).toEqual([]);
  });

  test("when everything of a run was killed at once and another run, with no logins, has begun", async () => {
    const made = host();
    made.set("up.kill", "");
    expect((await runOn(made, deployOf("job_cut", { logins }))).exit).toMatchObject({ class: "interrupted" });
    const kept = folder(made);
    expect(existsSync(kept)).toBe(true);
    expect((await runOn(made, deployOf("job_2", { fence: 2 }))).exit).toMatchObject({ code: 0 });
    expect([existsSync(kept), existsSync(link(made)), leaks(made)]).toEqual([false, false, []]);
  });
});

test("a caller that attaches to a run leaves no logins of its own", async () => {
  const made = host();
  made.set("up.gate", "");
  const first = runOn(made, deployOf("job_1", { logins }));
  await made.begun();
  const kept = folder(made);
  const second = runOn(made, deployOf("job_1", { fence: 2, logins: [{ ...mona, password: "third canary" }] }));
  await eventually(() => made.read("fences/server") === "2\n");
  expect(folder(made)).toBe(kept);
  made.unset("up.gate");
  expect([(await first).exit?.code, (await second).exit?.code]).toEqual([0, 0]);
  expect(existsSync(link(made))).toBe(false);
});

describe("a pull that was refused names the registry and whose login it was", () => {
  const denied = (words: string) => ` web Pulling \n web Error ${words}\n${words}\n`;
  const of = (...images: string[]) => `services:\n${images.map((image, i) => `  s${i}:\n    image: ${image}\n`).join("")}`;
  test.each<[string, string[], string, readonly Login[], string]>([
    ["its login", ["ghcr.io/a/b:1"], "error from registry: denied", [mona], "ghcr.io refused the login of mona"],
    [
      "no login",
      ["ghcr.io/a/b:1"],
      "error from registry: denied",
      [hub],
      "ghcr.io refused the pull, and Berth has no login for it",
    ],
    [
      "one of several, in Docker's words",
      ["r.example:5000/a:1", "ghcr.io/a/b:1", "redis:7"],
      'Head "https://ghcr.io/v2/a/b/manifests/1": denied: denied',
      [mona],
      "ghcr.io refused the login of mona",
    ],
    [
      "Docker Hub, which its words do not name",
      ["r.example:5000/a:1", "me/private:1"],
      "pull access denied for me/private, repository does not exist or may require 'docker login'",
      [hub],
      "docker.io refused the login of hub",
    ],
  ])("%s", async (_, images, words, held, says) => {
    const made = host();
    made.set("config", of(...images));
    made.set("pull.status", "18");
    made.set("pull.lines", denied(words));
    const { exit } = await runOn(made, deployOf("job_1", { logins: held }));
    expect(exit).toMatchObject({ class: "registry.denied", changed: false, message: expect.stringContaining(words) });
    expect(exit?.message?.split("\n")[0]).toBe(says);
    expect(leaks(made)).toEqual([]);
  });
});

describe("a login is asked about through Docker's own API", () => {
  const ask = async (made: Host, shell?: readonly string[]) => {
    const { exit } = await runOn(made, deployOf("job_1", { op: "login", files: [], values: {}, logins: [mona] }), shell);
    expect(leaks(made)).toEqual([]);
    return exit;
  };
  const answer = (status: string, body: object) =>
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${JSON.stringify(body)}\n`;

  test.each(shells)("and never in a file, with %s", async (...shell) => {
    const made = host();
    made.set("auth", answer("200 OK", { Status: "Login Succeeded" }));
    expect(await ask(made, shell)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(`${fake(made)}/auth.asked`, "utf8"))).toEqual({
      username: "mona",
      password: mona.password,
      serveraddress: "ghcr.io",
    });
    expect(existsSync(`${fake(made)}/configured`)).toBe(false);
    expect(existsSync(made.home)).toBe(false);
  });

  test.each<[string, string, string]>([
    ["registry.denied", "401 Unauthorized", 'Get "https://ghcr.io/v2/": denied: denied'],
    ["registry.denied", "500 Internal Server Error", "login attempt to http://r:5000/v2/ failed with status: 401 Unauthorized"],
    ["registry.untrusted", "500 Internal Server Error", 'Get "https://r/v2/": http: server gave HTTP response to HTTPS client'],
    ["registry.unavailable", "500 Internal Server Error", 'Get "https://r/v2/": dial tcp: lookup r: no such host'],
  ])("which says %s in the words %s %s", async (kind, status, message) => {
    const made = host();
    made.set("auth", answer(status, { message }));
    expect(await ask(made)).toMatchObject({ code: 1, class: kind, message });
  });

  test("which may say nothing", async () => {
    expect(await ask(host())).toMatchObject({ code: 69, class: "docker.down" });
  });
});
