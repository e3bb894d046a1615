/** Mounted files that are too large to be among a release's others: they come in archives. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { largeLines } from "@berth/domain/release/large.ts";
import type { RunInput } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { compose, deployOf, type Host, runOn } from "./host.ts";
import { host, shells } from "./hosts.ts";
import { type Entry, tarred } from "./tarred.ts";

const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
const config = (source: string) =>
  `name: x\nservices:\n  web:\n    image: page:1\n    volumes:\n      - type: bind\n        source: RELEASE/${source}\n        target: /x\n`;

/** A release whose large files have these contents, as the command line says them. `archive`: in place of what it would make. */
async function releaseOf(files: Readonly<Record<string, string>>, archive?: Readonly<Record<string, Entry>>) {
  const made = await tarred(archive ?? Object.fromEntries(Object.values(files).map((content) => [sha256(content), content])));
  const large = Object.entries(files).map(([path, content]) => {
    const [checksum, bytes] = execFileSync("cksum", { input: content, encoding: "utf8" }).split(" ").map(Number);
    return { path, hash: sha256(content), checksum: checksum!, bytes: bytes!, ...(path.endsWith(".sh") && { executable: true }) }; // it says both
  });
  return { archive: made, values: { large: largeLines(large), mounted: `${sha256(made)}\n`, settle_seconds: "0" } };
}

type Made = Awaited<ReturnType<typeof releaseOf>>;
let jobs = 0;

/** Deploys it where its archive has arrived. */
function deploy(made: Host, number: number, { archive, values }: Made, shell: readonly string[], input: Partial<RunInput> = {}) {
  mkdirSync(`${made.home}/archives`, { recursive: true });
  writeFileSync(`${made.home}/archives/${sha256(archive)}`, archive);
  return again(made, number, { values }, shell, input);
}

/** The same where it has not. */
function again(
  made: Host,
  number: number,
  { values }: Pick<Made, "values">,
  shell: readonly string[],
  input: Partial<RunInput> = {},
) {
  jobs += 1;
  const all = { ...values, release: String(number), ...input.values };
  return runOn(made, deployOf(`job_${jobs}`, { fence: jobs, ...input, values: all }), shell);
}

const there = (made: Host, path: string) => readFileSync(`${made.home}/apps/shop-production/${path}`, "utf8");
const markOf = (made: Host, release: number) =>
  /berth\.files: "(.+)"/.exec(made.read(`state/shop-production/${release}.pinned.yaml`))?.[1];

describe("large files that a service mounts", () => {
  test.each(shells)("are where it mounts them, beside small ones, and for everybody to read: %s", async (...shell) => {
    const made = host();
    made.set("config", config("site"));
    const release = await releaseOf({
      "site/a b/ü.bin": "large",
      "site/run.sh": "#!/bin/sh\n",
      "site/same": "large",
      "site/none": "",
    });
    const files = [
      { path: "compose.yaml", content: compose },
      { path: "site/small", content: "small" },
    ];
    expect((await deploy(made, 1, release, shell, { files })).exit).toMatchObject({ code: 0 });
    expect(["a b/ü.bin", "same", "none", "small"].map((path) => there(made, `site/${path}`))).toEqual([
      "large",
      "large",
      "",
      "small",
    ]);
    const mode = (path: string) => statSync(`${made.home}/apps/shop-production/site/${path}`).mode & 0o777;
    expect([mode("run.sh"), mode("same")]).toEqual([0o755, 0o644]);
    expect(readdirSync(`${made.home}/archives`)).toEqual([sha256(release.archive)]);
    expect(existsSync(`${made.home}/runs/job_${jobs}/part`)).toBe(false);
  });

  test.each(shells)("that were changed on the server stay, and a rollback needs no archive: %s", async (...shell) => {
    const made = host();
    const [one, two] = [
      await releaseOf({ "data/seed": "one", "data/kept": "k" }),
      await releaseOf({ "data/seed": "two", "data/kept": "k" }),
    ];
    await deploy(made, 1, one, shell);
    writeFileSync(`${made.home}/apps/shop-production/data/kept`, "an order");
    await deploy(made, 2, two, shell);
    expect(there(made, "data/seed")).toBe("two");
    expect(readdirSync(`${made.home}/archives`)).toEqual([sha256(two.archive)]);
    const { exit, events } = await again(made, 1, one, shell, { values: { pull: "missing" } });
    expect(exit).toMatchObject({ code: 0 });
    expect([there(made, "data/seed"), there(made, "data/kept")]).toEqual(["one", "an order"]);
    expect(events.filter(({ type }) => type === "note").map(({ text }) => text)).toEqual([expect.stringContaining("data/kept")]);
  });

  test.each(shells)("go with the app's removal, and with their archives: %s", async (...shell) => {
    const made = host();
    await deploy(made, 1, await releaseOf({ "data/seed": "one" }), shell);
    jobs += 1;
    expect(
      (await runOn(made, { ...deployOf(`job_${jobs}`, { fence: jobs }), op: "remove", files: [] }, shell)).exit,
    ).toMatchObject({ code: 0 });
    expect(existsSync(`${made.home}/apps/shop-production`)).toBe(false);
    expect(readdirSync(`${made.home}/archives`)).toEqual([]);
  });

  test.each(shells)(
    "give what mounts them another mark when they change, which a plan without them says too: %s",
    async (...shell) => {
      const made = host();
      for (const source of ["site/page", "."]) {
        made.set("config", config(source));
        const small = {
          files: [
            { path: "compose.yaml", content: compose },
            { path: "site/small", content: "s" },
          ],
        };
        const contents = [
          { "site/page": "one", "site/x.sh": "x" },
          { "site/page": "one", "site/x.sh": "x" },
          { "site/page": "two", "site/x.sh": "x" },
        ];
        const releases = await Promise.all(contents.map((each) => releaseOf(each)));
        const planned: (string | undefined)[] = [];
        for (const [i, release] of releases.entries()) {
          planned.push(await planOf(made, i + 1, release, shell, small));
          await deploy(made, i + 1, release, shell, small);
        }
        const marks = [1, 2, 3].map((number) => markOf(made, number));
        expect(planned).toEqual(marks);
        expect(marks[1]).toBe(marks[0]);
        expect(marks[2]).not.toBe(marks[0]);
      }
    },
  );

  test.each(shells)("count where a plan asks whether anything would change: %s", async (...shell) => {
    const made = host();
    const release = await releaseOf({ "site/page": "one" });
    await deploy(made, 1, release, shell);
    expect(await saysSame(made, release, shell)).toBe(true);
    expect(await saysSame(made, await releaseOf({ "site/page": "two" }), shell)).toBe(false);
    rmSync(`${made.home}/apps/shop-production/site/page`);
    expect(await saysSame(made, release, shell)).toBe(false);
  });
});

/** What the server reports for a plan, by the name of the part. */
async function reportOf(made: Host, number: number, { values }: Made, shell: readonly string[], input: Partial<RunInput> = {}) {
  const { mounted: _, ...told } = values;
  const { exit } = await again(made, number, { values: told as Made["values"] }, shell, { ...input, op: "plan", fence: 0 });
  const tar = gunzipSync(exit!.report!); // a plan has one
  return (part: string) => {
    try {
      return execFileSync("tar", ["-xOf", "-", `./${part}`], { input: tar, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
    } catch {
      return undefined;
    }
  };
}
const planOf = async (made: Host, number: number, release: Made, shell: readonly string[], input: Partial<RunInput>) =>
  /web\t(.+)/.exec((await reportOf(made, number, release, shell, input))("release.files") ?? "")?.[1];
const saysSame = async (made: Host, release: Made, shell: readonly string[]) =>
  (await reportOf(made, 2, release, shell))("same") !== undefined;

describe("of archives that somebody made who means ill", () => {
  const content = "large";
  const files = { "data/large": content };
  const name = sha256(content);

  test.each(shells)("nothing is taken that is a link, and nothing is written elsewhere: %s", async (...shell) => {
    const made = host();
    const place = `${dirname(made.home)}/outside`;
    mkdirSync(place);
    writeFileSync(`${place}/secret`, "secret");
    const ill: Record<string, Entry>[] = [
      { [name]: { type: "symlink", linkname: `${place}/secret` } },
      { [name]: { type: "symlink", linkname: place }, [`${name}/evil`]: "evil" },
      { out: { type: "symlink", linkname: place }, "out/evil": "evil", [name]: content },
      { "../../evil": "evil", "../outside/evil": "evil", [name]: content },
      { [`folder/${name}`]: content },
      { [name]: { type: "directory" } },
    ];
    for (const archive of ill) {
      const { exit } = await deploy(made, 1, await releaseOf(files, archive), shell);
      if (exit?.code === 0) expect(there(made, "data/large")).toBe(content);
      else expect(exit).toMatchObject({ changed: false });
      expect(existsSync(`${made.home}/apps/shop-production/data/large`) && there(made, "data/large")).not.toBe("secret");
    }
    expect(readdirSync(place)).toEqual(["secret"]);
    expect(execFileSync("find", [dirname(made.home), "-name", "evil", "-not", "-path", "*/part/*"], { encoding: "utf8" })).toBe(
      "",
    );
  });

  test.each(shells)("a release is refused whose file they do not have, or whose path leads out: %s", async (...shell) => {
    const made = host();
    expect((await deploy(made, 1, await releaseOf(files, { other: "other" }), shell)).exit).toMatchObject({
      class: "archive.gone",
    });
    expect((await deploy(made, 1, await releaseOf({ "../large": content }), shell)).exit).toMatchObject({
      class: "compose.invalid",
    });
    expect(existsSync(`${made.home}/state/shop-production/releases/1`)).toBe(false);
  });
});
