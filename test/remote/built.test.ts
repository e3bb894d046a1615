/** What a build is done from, where somebody has made the archives who means ill. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runner } from "@berth/domain/remote/runner.ts";
import { describe, expect, test } from "vitest";
import { deployOf, eventually, type Host, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";
import { type Entry, tarred } from "./tarred.ts";

const link = (linkname: string): Entry => ({ type: "symlink", linkname });
const compose = "services:\n  web:\n    build: ./web\n";
const config =
  "name: x\nservices:\n  web:\n    build:\n      context: RELEASE/web\n      dockerfile: Dockerfile\n    image: shop-web\n";
const web = { "web/Dockerfile": "FROM page:1\n" };

/** A deployment of release 1 with these archives, which the server has already. */
async function deploying(
  made: Host,
  archives: readonly Buffer[],
  shell: readonly string[],
  { script, ...more }: Parameters<typeof deployOf>[1] & { readonly script?: string } = {},
) {
  made.set("config", config);
  mkdirSync(`${made.home}/archives`, { recursive: true });
  const names = archives.map((content) => createHash("sha256").update(content).digest("hex"));
  for (const [i, name] of names.entries()) writeFileSync(`${made.home}/archives/${name}`, archives[i]!); // each name has one
  const files = [{ path: "compose.yaml", content: compose }];
  const values = { ...more.values, archives: names.map((name) => `${name}\n`).join(""), build_free_mb: "1" };
  return runOn(made, deployOf("job_1", { files, ...more, values }), shell, script);
}

const fake = (made: Host) => `${dirname(made.home)}/fake`;
const outside = (made: Host) => {
  mkdirSync(`${dirname(made.home)}/outside`);
  writeFileSync(`${dirname(made.home)}/outside/Dockerfile`, "FROM scratch\n");
  return `${dirname(made.home)}/outside`;
};

describe("a build", () => {
  test.each(shells)("is done from what all archives have: %s", async (...shell) => {
    const made = host();
    const archives = [
      await tarred({ "web/": { type: "directory", mode: 0o555 }, ...web }),
      await tarred({ "web/a": "a", "web/link": link("/usr/share/a") }),
    ];
    expect((await deploying(made, archives, shell)).exit).toMatchObject({ code: 0 });
    expect(readFileSync(`${fake(made)}/built/web/a`, "utf8")).toBe("a");
    expect(lstatSync(`${fake(made)}/built/web/link`).isSymbolicLink()).toBe(true);
  });

  test.each(shells)("writes nothing through a link that another archive has: %s", async (...shell) => {
    const made = host();
    const place = outside(made);
    for (const next of [{ "out/evil": "evil" }, { "out/evil/evil": "evil" }, { file: "evil" }]) {
      const archives = [await tarred({ ...web, out: link(place), file: link(`${place}/Dockerfile`) }), await tarred(next)];
      await deploying(made, archives, shell);
    }
    expect(existsSync(`${place}/evil`)).toBe(false);
    expect(readFileSync(`${place}/Dockerfile`, "utf8")).toBe("FROM scratch\n");
  });

  test.each(shells)("has the Compose files that were checked, whatever the archives have: %s", async (...shell) => {
    const made = host();
    const place = outside(made);
    const checked = { "base.yaml": "services: {}\n", "more/over.yaml": "services: {}\n" };
    const files = Object.entries(checked).map(([path, content]) => ({ path, content }));
    for (const other of [
      { "base.yaml": "evil", "more/over.yaml": "evil" },
      { "base.yaml": link(`${place}/base`), more: link(place) },
    ]) {
      const values = { compose_files: "base.yaml\nmore/over.yaml\n" };
      await deploying(made, [await tarred({ ...web, ...other })], shell, { files, values });
      for (const [path, content] of Object.entries(checked))
        expect(readFileSync(`${fake(made)}/built/${path}`, "utf8")).toBe(content);
    }
    expect(existsSync(`${place}/base`)).toBe(false);
    expect(existsSync(`${place}/over.yaml`)).toBe(false);
  });

  test.each(shells)("has no context and no Dockerfile that is a link to the server's files: %s", async (...shell) => {
    for (const entries of [
      (place: string) => ({ web: link(place) }),
      (place: string) => ({ "web/Dockerfile": link(`${place}/Dockerfile`) }),
      () => ({ "web/Dockerfile": link("../../../../../outside/Dockerfile") }),
    ]) {
      const made = host();
      const { exit } = await deploying(made, [await tarred(entries(outside(made)))], shell);
      expect(exit).toMatchObject({ code: 1, class: "files.failed", step: "build", changed: false });
      expect(existsSync(`${fake(made)}/built`)).toBe(false);
    }
  });

  test.each(shells)("takes links in the project's folder: %s", async (...shell) => {
    const made = host();
    const archives = [
      await tarred({ "real/Dockerfile": link("../docker/web"), "docker/web": "FROM page:1\n", web: link("real") }),
    ];
    expect((await deploying(made, archives, shell)).exit).toMatchObject({ code: 0 });
  });

  test.each(shells)(
    "weighs a tenth of a container as long as it lasts, and nothing that comes after it does: %s",
    async (...shell) => {
      const made = host();
      const groups = `${dirname(made.home)}/cgroup`;
      const one = (path: string, file: string) => {
        mkdirSync(`${groups}/${path}`, { recursive: true });
        writeFileSync(`${groups}/${path}/${file}`, "untouched\n");
        return () => readFileSync(`${groups}/${path}/${file}`, "utf8").trim();
      };
      const old = one("cpu/docker/buildkit", "cpu.shares");
      const container = one("cpu/docker/1234", "cpu.shares");
      made.set("build.gate", "");
      const script = runner.replace("groups=/sys/fs/cgroup", () => `groups=${groups}`);
      const ended = deploying(made, [await tarred(web)], shell, { script });
      await eventually(() => old() === "102");
      const command = one("system.slice/system.slice:docker:abc", "cpu.weight");
      await eventually(() => command() === "10");
      made.unset("build.gate");
      expect((await ended).exit).toMatchObject({ code: 0 });
      expect([old(), command(), container()]).toEqual(["1024", "100", "untouched"]);
      const later = one("system.slice/system.slice:docker:def", "cpu.weight");
      await sleep(1500);
      expect(later()).toBe("untouched");
    },
  );

  test.each(shells)("is forgotten with its run, even if that is killed: %s", async (...shell) => {
    const made = host();
    made.set("build.gate", "");
    const ended = deploying(made, [await tarred(web)], shell);
    await eventually(() => existsSync(`${fake(made)}/built`));
    process.kill(Number(made.read("runs/job_1/pid")), "SIGKILL");
    made.unset("build.gate");
    expect((await ended).exit).toMatchObject({ class: "interrupted" });
    expect((await runOn(made, deployOf("job_2", { fence: 2, files: [] }), shell)).exit).not.toMatchObject({ class: "busy" });
  });

  test("has no devices and no pipes", async () => {
    const made = host();
    const { exit } = await deploying(made, [await tarred({ ...web, pipe: { type: "fifo" } })], ["/bin/sh"]);
    expect(exit).toMatchObject({ class: "files.failed", step: "build", changed: false });
    expect(exit?.message).toContain("pipe is neither a file nor a folder nor a link");
  });

  test("of what is no archive, or one that is cut off, leaves nothing", async () => {
    const made = host();
    for (const content of [Buffer.from("no gzip"), (await tarred(web)).subarray(0, 60)]) {
      const { exit } = await deploying(made, [content], ["/bin/sh"]);
      expect(exit).toMatchObject({ class: "files.failed", step: "build", changed: false });
      expect(existsSync(`${made.home}/runs/job_1/source`)).toBe(false);
      expect(existsSync(`${made.home}/runs/job_1/part`)).toBe(false);
    }
  });
});
