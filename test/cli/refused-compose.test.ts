import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;

beforeEach(async () => {
  tenant = await cli.tenant();
  await tenant.target("web1");
});

describe("a Compose file that is refused says what is wrong, and leaves no app behind", () => {
  test.each<[string, string | Buffer, string]>([
    ["a typing mistake", "services:\n  web: {imag: a}\n", 'compose.yaml: Service "web" has no `image`. It has "imag"'],
    ["an empty file", "", "compose.yaml: It is empty."],
    ["a build", "services:\n  web: {build: .}\n", "Service web is built from ., and there is no Dockerfile."],
    ["no mapping", "services: [a]\n", "compose.yaml: "],
    ["UTF-16 without a mark", Buffer.from("services: {web: {image: a}}\n", "utf16le"), "if it is UTF-16, save it as UTF-8"],
    ["UTF-16 that ends in the middle", Buffer.from([0xff, 0xfe, 0x61]), "is UTF-16. "],
  ])("%s", async (_, text, said) => {
    const cwd = await cli.folder({}, "shop");
    await writeFile(join(cwd, "compose.yaml"), text);
    const berth = (args: readonly string[]) => cli.berth(args, { token: tenant.secret, cwd });
    const run = await berth(["deploy", "--yes", "--target", "web1"]);
    expect(run.code).not.toBe(0);
    expect(run.stderr.replace(/\s+/g, " ")).toContain(said);
    expect((await berth(["app", "list", "--json"])).json.items).toEqual([]);
  });
});
