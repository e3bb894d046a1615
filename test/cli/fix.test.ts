// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withoutForeign, withVolumes } from "../../packages/cli/src/compose/edit.ts";
import { diffOf, fixOf, writeFix } from "../../packages/cli/src/compose/fix.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { useCli } from "./harness.ts";
import { bundle, newFolder, problem } from "./project.ts";

const cli = useCli();

describe("volumes are declared without touching anything else", () => {
  test.each<[string, string, string]>([
    ["where there are none", "services: {}\n# end", "services: {}\n# end\n\nvolumes:\n  one:\n  two:\n"],
    [
      "after those that are there, with their indentation and comments",
      "volumes:\n    # kept\n    old: {}  # why\n\nservices:\n  web: {image: a}\n",
      "volumes:\n    # kept\n    old: {}  # why\n    one:\n    two:\n\nservices:\n  web: {image: a}\n",
    ],
    [
      "after one with settings",
      "volumes:\n  old:\n    driver: local\nservices: {}\n",
      "volumes:\n  old:\n    driver: local\n  one:\n  two:\nservices: {}\n",
    ],
    ["in brackets", "volumes: {old: {}}\nx: 1\n", "volumes: {old: {}, one: {}, two: {}}\nx: 1\n"],
    ["in empty brackets", "volumes: {}\n", "volumes: {one: {}, two: {}}\n"],
    ["under a key with nothing", "volumes:\nservices: {}\n", "volumes:\n  one:\n  two:\nservices: {}\n"],
    ["at an end without a line's end", "volumes:\n  old:", "volumes:\n  old:\n  one:\n  two:\n"],
  ])("%s", (_, text, expected) => {
    expect(withVolumes(text, ["one", "two"])).toBe(expected);
  });
});

describe("another tool's keys are taken out without touching anything else", () => {
  test.each<[string, string, string]>([
    [
      "at an end, in the middle and behind a dash",
      "services:\n  web:\n    image: a # b\n    exclude_from_hc: true\n    volumes:\n      - type: bind\n        source: ./x\n        # why\n        target: /x\n        content: |\n          one\n\n          two\n      - is_directory: true\n        type: bind\n        source: ./y\n        target: /y\n",
      "services:\n  web:\n    image: a # b\n    volumes:\n      - type: bind\n        source: ./x\n        # why\n        target: /x\n      - type: bind\n        source: ./y\n        target: /y\n",
    ],
    [
      "in brackets",
      "services: {web: {image: a, exclude_from_hc: true, volumes: [{content: x, type: bind, source: ./x, target: /x, isDirectory: no}]}}\n",
      "services: {web: {image: a, volumes: [{type: bind, source: ./x, target: /x}]}}\n",
    ],
    ["only where Compose refuses them", "x-a: {content: b}\nservices:\n  web: {image: a, labels: {content: c}}\n", ""],
  ])("%s", (_, text, expected) => {
    expect(withoutForeign(text).text).toBe(expected || text);
  });
});

const COPIED = `# copied from elsewhere
services:
  web:
    image: web:\${TAG}
    environment:
      - PASSWORD=\${PASSWORD:?needed}
    volumes:
      - data:/data
      - type: bind
        source: ./conf/start.sh
        target: /start.sh
        mode: "0755"
        content: |
          #!/bin/sh
          echo $HOME
`;

describe("a project that was written for another tool", () => {
  test("is refused by a deploy with all that is wrong, and the command that fixes it", async () => {
    const refused = await problem(() => bundle({ "compose.yaml": COPIED, ".env": "PASSWORD=x\n" }));
    expect(refused).toMatchObject({ code: "compose.invalid", next: ["berth app init --fix", "berth app init --fix --dry-run"] });
    expect(refused.detail).toBe(
      'No `volumes:` at the top declares "data" (service web). Compose does not know `mode` (compose.yaml, service web), `content` (compose.yaml, service web).',
    );
    const unset = await problem(() =>
      bundle({ "compose.yaml": "services: {a: {image: '${A:?}${B:?}'}, b: {image: '${C?no c}'}}\n" }),
    );
    expect(unset.hint).toContain("in .env, a line each (A=..., B=..., C=...)");
    expect(unset.next).toEqual(["berth app init --fix", "berth secret set A"]);
  });

  test("is fixed: volumes declared, files written, and lines for .env that hold no value", async () => {
    const folder = await newFolder({ "compose.yaml": COPIED, ".env": "MINE=1" });
    const project = await findProject(folder);
    const fix = await fixOf(project, {});
    await writeFix(project, fix);
    const text = (path: string) => readFile(join(folder, path), "utf8");
    expect(await text("compose.yaml")).toBe(`${COPIED.slice(0, COPIED.indexOf('        mode: "0755"'))}\nvolumes:\n  data:\n`);
    expect(await text("conf/start.sh")).toBe("#!/bin/sh\necho $HOME\n");
    expect((await stat(join(folder, "conf/start.sh"))).mode & 0o111).toBe(0o111);
    expect(await text(".env")).toBe(
      "MINE=1\n\n# These have to be set before a deploy.\nPASSWORD=\n# These are used and set nowhere else: empty, unless you say what they are.\nTAG=\n",
    );
    expect((await fixOf(await findProject(folder), {})).changes.map(({ path }) => path)).toEqual([".env"]); // not filled in yet
  });

  test("keeps a file that is there, and writes none outside of the folder", async () => {
    const compose = (source: string) =>
      `services:\n  web:\n    image: a\n    volumes:\n      - {type: bind, source: ${source}, target: /x, content: new}\n`;
    const folder = await newFolder({ "compose.yaml": compose("./x"), x: "old" });
    const fix = await fixOf(await findProject(folder), {});
    expect(fix.changes.map(({ path }) => path)).toEqual(["compose.yaml"]);
    expect(fix.said).toContain("x is there already and stays as it is");
    for (const source of ["../x", "/etc/x", "./a/../../x"]) {
      const outside = await fixOf(await findProject(await newFolder({ "compose.yaml": compose(source) })), {});
      expect(outside.changes.map(({ path }) => path)).toEqual(["compose.yaml"]);
    }
  });

  test("the command shows it first, then does it, then has nothing to do; the service is not asked", async () => {
    const cwd = await cli.folder({ "compose.yaml": "services:\n  web:\n    image: a\n    volumes: [data:/d]\n" });
    const env = { BERTH_URL: "http://127.0.0.1:1" };
    const shown = await cli.berth(["app", "init", "--fix", "--dry-run"], { cwd, env });
    expect(shown.stdout).toContain("compose.yaml: declared the volume data");
    expect(shown.stdout).toContain("+ volumes:\n+   data:\n");
    expect(await readFile(join(cwd, "compose.yaml"), "utf8")).not.toContain("data:\n");
    const done = await cli.berth(["app", "init", "--fix", "--json"], { cwd, env });
    expect(done.json).toEqual({
      changed: [{ path: "compose.yaml", new: false }],
      said: ["compose.yaml: declared the volume data"],
      written: true,
    });
    expect((await cli.berth(["app", "init", "--fix"], { cwd, env })).stdout).toContain("There is nothing to fix");
    expect((await cli.berth(["app", "init", "--dry-run"], { cwd, env })).code).toBe(1);
  });
});

test("a difference shows the lines that go and come", () => {
  expect(diffOf({ path: "a", before: "a\nb\nc\n", after: "a\nc\nd\n" })).toEqual(["- b", "+ d"]);
  expect(diffOf({ path: "a", before: undefined, after: "a\n" })).toEqual(["+ a"]);
});
