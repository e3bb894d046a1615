import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { originOf } from "../../packages/cli/src/deployment/origin.ts";
import { flat, useCli } from "./harness.ts";

const cli = useCli();
const compose = (service: string) => `services:\n  ${service}:\n    image: registry.test/${service}:1\n`;
const repository = (url: string) =>
  `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*\n[branch "main"]\n`;

let tenant: Awaited<ReturnType<typeof cli.tenant>>;
beforeEach(async () => {
  tenant = await cli.tenant();
  await tenant.target("web1");
});
const berth = (cwd: string, ...args: readonly string[]) => cli.berth(args, { cwd, token: tenant.secret });
const project = (files: Readonly<Record<string, string>> = {}) =>
  cli.folder({ "compose.yaml": compose("web"), ...files }, "shop");

describe("two projects in folders of one name", () => {
  test("do not replace one another where nobody can be asked; the one that was first goes on", async () => {
    const [first, second] = [await project(), await project()];
    expect((await berth(first, "deploy", "--yes")).code).toBe(0);
    const run = await berth(second, "deploy", "--yes", "--json");
    expect(run.code).toBe(1);
    expect(run.lines.at(-1)).toMatchObject({ code: "cli.other_project", next: ["berth deploy --app shop", expect.any(String)] });
    expect(run.lines.at(-1).detail).toContain(`Release 1 of "shop" was deployed from`);
    expect(run.lines.at(-1).detail).toContain(first);
    expect((await berth(first, "deploy")).code).toBe(0);
    // Who names the app means it, and is its project from then on.
    expect((await berth(second, "deploy", "--app", "shop")).code).toBe(0);
    expect((await berth(second, "deploy")).code).toBe(0);
    const { items } = (await berth(second, "releases", "shop", "--json")).json;
    expect(items.map(({ number }: { number: number }) => number)).toEqual([4, 3, 2, 1]);
  });

  test("are asked about at a terminal, and a no leaves what there is", async () => {
    const [first, second] = [await project(), await project()];
    await berth(first, "deploy", "--yes");
    const at = { cwd: second, token: tenant.secret };
    const no = await cli.atTerminal(["deploy"], [["Replace it?", "\r"]], at);
    expect(no.code, flat(no.stdout)).toBe(2);
    const yes = await cli.atTerminal(["deploy"], [["Replace it?", "y"]], at);
    expect(yes.code, flat(yes.stdout)).toBe(0);
  });

  test("of one repository are one project on every machine, and two folders of it are two", async () => {
    const checkout = (url: string) => project({ ".git/config": repository(url) });
    const first = await checkout("https://ada:ghp_secretword@github.com/acme/shop.git");
    expect((await berth(first, "deploy", "--yes")).code).toBe(0);
    expect((await berth(await checkout("git@github.com:acme/shop.git"), "deploy")).code).toBe(0);
    const other = await berth(await checkout("git@github.com:acme/other.git"), "deploy", "--json");
    expect(other.lines.at(-1).detail).toMatch(/from github\.com\/acme\/shop\. This is github\.com\/acme\/other, /);
    expect(other.stdout).not.toContain("secretword");
  });

  test("of which the first is not known are told apart by their services", async () => {
    await tenant.app("shop");
    await tenant.work(await tenant.deploy("shop")); // by the API, which says nothing of where from
    expect((await berth(await project(), "deploy")).code).toBe(0);
    const unlike = await cli.tenant();
    await unlike.target("web1");
    await unlike.app("shop");
    await unlike.work(await unlike.deploy("shop"));
    const run = await cli.berth(["deploy", "--json"], {
      cwd: await cli.folder({ "compose.yaml": compose("mail") }, "shop"),
      token: unlike.secret,
    });
    expect(run.lines.at(-1)).toMatchObject({
      code: "cli.other_project",
      detail: expect.stringContaining("other services (web)"),
    });
  });

  test("that berth.yaml names are one app, as it says", async () => {
    const named = { "berth.yaml": "app: shop\n" };
    expect((await berth(await project(named), "deploy", "--yes")).code).toBe(0);
    expect((await berth(await project(named), "deploy")).code).toBe(0);
  });
});

describe("where a project is", () => {
  test.each([
    ["https://github.com/acme/shop.git", "github.com/acme/shop"],
    ["https://token@GitHub.com/acme/shop", "github.com/acme/shop"],
    ["ssh://git@git.example:2222/acme/shop.git/", "git.example/acme/shop"],
    ["git@github.com:acme/shop.git", "github.com/acme/shop"],
    ["gitlab.com:group/sub/shop", "gitlab.com/group/sub/shop"],
  ])("is its repository and the folder in it: %s", async (url, address) => {
    const folder = await cli.folder({ ".git/config": repository(url), "apps/web/compose.yaml": "" });
    expect(await originOf({ folder: join(folder, "apps/web"), files: [{ path: "compose.yaml", text: "" }] })).toBe(
      `${address}:apps/web`,
    );
  });

  test("is the same in a second work tree", async () => {
    const folder = await cli.folder({
      "main/.git/config": repository("git@github.com:acme/shop.git"),
      "main/.git/worktrees/two/commondir": "../..\n",
      "two/compose.yaml": "",
    });
    await writeFile(join(folder, "two/.git"), `gitdir: ${folder}/main/.git/worktrees/two\n`);
    expect(await originOf({ folder: join(folder, "two"), files: [{ path: "compose.yaml", text: "" }] })).toBe(
      "github.com/acme/shop",
    );
  });

  test("is the machine and the folder where there is no repository, by the link that was followed to it", async () => {
    const folder = await cli.folder();
    await mkdir(join(folder, "release-1"));
    await symlink("release-1", join(folder, "current"));
    expect(await originOf({ folder: join(folder, "current"), files: [{ path: "compose.yaml", text: "" }] })).toMatch(
      new RegExp(`^[^:]+:${folder}/current$`),
    );
  });

  test("is another for another Compose file that is named", async () => {
    const folder = await cli.folder();
    const at = (file: string) => originOf({ folder, files: [{ path: file, text: "" }] });
    expect(await at("a.yaml")).not.toBe(await at("b.yaml"));
  });
});
