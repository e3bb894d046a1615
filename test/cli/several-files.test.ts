// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { describe, expect, test } from "vitest";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { newFolder, problem, WEB } from "./project.ts";

const bundled = async (files: Record<string, string>, given: string[] = [], env: Record<string, string> = {}) =>
  makeBundle(await findProject(await newFolder(files), given, env), env);
const paths = ({ bundle }: Awaited<ReturnType<typeof bundled>>) => bundle.files.map(({ path }) => path).sort();
const text = ({ bundle }: Awaited<ReturnType<typeof bundled>>, path: string) =>
  Buffer.from(bundle.files.find((file) => file.path === path)?.content ?? "", "base64").toString();

const OVER = "services:\n  web: {labels: {over: a}}\n";

describe("the Compose files of a project", () => {
  test("is one text where it is one file that reads no other", async () => {
    const { bundle } = await bundled({ "docker-compose.yml": WEB });
    expect(bundle).toMatchObject({ compose: WEB, files: [] });
    expect(bundle.composeFiles).toBeUndefined();
  });

  test.each([
    ["compose.yaml", "compose.override.yaml"],
    ["docker-compose.yml", "docker-compose.override.yml"],
    ["compose.yml", "docker-compose.override.yaml"],
  ])("are %s and the override beside it, %s", async (file, override) => {
    const made = await bundled({ [file]: WEB, [override]: OVER });
    expect(made.bundle.composeFiles).toEqual([file, override]);
    expect(paths(made)).toEqual([file, override].sort());
    expect(made.notes).toEqual([`Merged in this order: ${file}, ${override}`]);
  });

  test("are those of COMPOSE_FILE, of the shell before .env, with its separator", async () => {
    const files = { "a.yaml": WEB, "b.yaml": OVER, "c.yaml": OVER, "compose.yaml": "x", ".env": "COMPOSE_FILE=a.yaml:b.yaml\n" };
    expect((await bundled(files)).bundle.composeFiles).toEqual(["a.yaml", "b.yaml"]);
    expect(
      (await bundled(files, [], { COMPOSE_FILE: "a.yaml,c.yaml", COMPOSE_PATH_SEPARATOR: "," })).bundle.composeFiles,
    ).toEqual(["a.yaml", "c.yaml"]);
  });

  test("are those the command names before all others; the first says where the project is", async () => {
    const files = { "deploy/a.yaml": WEB, "b.yaml": OVER, ".env": "COMPOSE_FILE=x.yaml\n", "deploy/berth.yaml": "app: shop\n" };
    const project = await findProject(await newFolder(files), ["deploy/a.yaml", "b.yaml"]);
    expect(project.settings).toEqual({ app: "shop" });
    const made = await makeBundle(project, {});
    expect(made.bundle.composeFiles).toEqual(["a.yaml", ".compose/2-b.yaml"]);
    expect(text(made, ".compose/2-b.yaml")).toBe(OVER);
  });

  test("take along what they include and extend, and what that reads", async () => {
    const made = await bundled(
      {
        "compose.yaml": "include: [db/compose.yaml]\nservices:\n  web: {extends: {file: lib/base.yaml, service: base}}\n",
        "db/compose.yaml": "services:\n  db: {image: 'db:${TAG}', env_file: db.env, volumes: ['./init:/i']}\n",
        "db/.env": "TAG=${OUTER}\n",
        "db/db.env": "A=${FROM_SHELL}\n",
        "db/init/1.sql": "select 1",
        "lib/base.yaml": "services:\n  base: {image: base, env_file: [base.env]}\n",
        "lib/base.env": "B=1\n",
      },
      [],
      { OUTER: "17", FROM_SHELL: "s", NOT: "asked for" },
    );
    expect(paths(made)).toEqual(
      ["compose.yaml", "db/.env", "db/compose.yaml", "db/db.env", "db/init/1.sql", "lib/base.env", "lib/base.yaml"].sort(),
    );
    expect(made.bundle.variables).toEqual({ OUTER: "17", FROM_SHELL: "s" });
    expect(made.read.services).toEqual([
      { name: "web", image: "base" },
      { name: "db", image: "db:17" },
    ]);
  });

  test("are sent as UTF-8 where they are UTF-16, which the service does not read", async () => {
    const utf16 = Buffer.from(`\ufeff${OVER}`, "utf16le").toString("latin1");
    const folder = await newFolder({ "compose.yaml": WEB });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${folder}/compose.override.yaml`, Buffer.from(utf16, "latin1"));
    const made = await makeBundle(await findProject(folder), {});
    expect(text(made, "compose.override.yaml")).toBe(`\ufeff${OVER}`);
  });

  test("may include what only the server has, and this is said", async () => {
    const made = await bundled({ "compose.yaml": `include: [/opt/base.yaml]\n${WEB}` });
    expect(made.notes).toContain("Read on the server: /opt/base.yaml (include)");
  });

  test.each<[string, Record<string, string>, string]>([
    ["that is not there", { "compose.yaml": `include: [gone.yaml]\n${WEB}` }, "gone.yaml (include) is not there."],
    [
      "outside of the folder",
      { "compose.yaml": `include: [../x.yaml]\n${WEB}` },
      "../x.yaml (include) is outside the app's folder.",
    ],
    [
      "with a service that is not there",
      { "compose.yaml": "services: {web: {extends: {file: gone.yaml, service: a}}}\n" },
      "gone.yaml (service web) is not there.",
    ],
    [
      "whose variables have to be set, all at once",
      {
        "compose.yaml": "include: [a/b.yaml]\nservices:\n  web: {image: 'a:${ONE:?}'}\n",
        "a/b.yaml": "services:\n  b: {image: 'b:${TWO:?no two}${THREE}'}\n",
        "a/.env": "THREE=3\n",
      },
      "compose.yaml: ONE has to be set. a/b.yaml: TWO has to be set: no two.",
    ],
  ])("are refused with one %s", async (_, files, words) => {
    expect((await problem(() => bundled(files))).detail).toBe(words);
  });
});
