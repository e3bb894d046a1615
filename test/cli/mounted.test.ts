/** Mounted files for which a bundle has no room, as the command line gathers and cuts them. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE_BYTES, LARGE_FILES_MOST } from "@berth/domain/release/archive.ts";
import { expect, onTestFinished, test } from "vitest";
import { makeArchives } from "../../packages/cli/src/build/archives.ts";
import { entriesOf } from "../../packages/cli/src/build/context.ts";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { checksum } from "../../packages/cli/src/compose/checksum.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { newFolder, problem } from "./project.ts";

/** Base64 of it is the only text that a test can expect to be compressed to three quarters. */
const noise = (bytes: number) => randomBytes(bytes).toString("base64").slice(0, bytes);
const COMPOSE = "services:\n  a:\n    image: a\n    volumes: ['./site:/site']\n";
const bundleIn = async (folder: string) => makeBundle(await findProject(folder, [], {}), {});

test("files for which there is no room are large, the largest first; what Compose reads is in the bundle whatever its size", async () => {
  const compose = `services:
  reads: { image: a, env_file: site/app.env }
  mounts: { image: a, volumes: ["./site:/site"], configs: [c] }
configs:
  c: { file: ./conf }
`;
  const folder = await newFolder({
    "compose.yaml": compose,
    conf: noise(200_000),
    "site/app.env": `A=${"x".repeat(100_000)}`,
    "site/large": noise(250_000),
    "site/small": "small",
  });
  const { bundle } = await bundleIn(folder);
  expect(bundle.files.map(({ path }) => path).toSorted()).toEqual(["site/app.env", "site/small"]);
  expect(bundle.large?.map(({ path, bytes }) => [path, bytes]).toSorted()).toEqual([
    ["conf", 200_000],
    ["site/large", 250_000],
  ]);
});

test("nothing is large while all of it has room", async () => {
  const { bundle, mounted } = await bundleIn(await newFolder({ "compose.yaml": COMPOSE, "site/flat": "x".repeat(600_000) }));
  expect([bundle.files.length, bundle.large, mounted]).toEqual([1, undefined, []]);
});

test("more files than a bundle may have are large as well", async () => {
  const folder = await newFolder({ "compose.yaml": COMPOSE });
  await mkdir(join(folder, "site"));
  for (let i = 0; i < 300; i++) await writeFile(join(folder, "site", `${i}`), "x".repeat(i));
  const { bundle } = await bundleIn(folder);
  expect(bundle.files.length + (bundle.large?.length ?? 0)).toBe(300);
  expect(bundle.files.length).toBeLessThanOrEqual(200);
});

test("an archive has each content once, called by its SHA-256; the release says what cksum and the mode say", async () => {
  const folder = await newFolder({
    "compose.yaml": COMPOSE,
    "site/a": noise(BUNDLE_BYTES * 2),
    "elsewhere/b.sh": noise(BUNDLE_BYTES * 2),
  });
  await chmod(join(folder, "elsewhere/b.sh"), 0o755);
  await symlink("../elsewhere/b.sh", join(folder, "site/link.sh"));
  await writeFile(join(folder, "site/copy"), readFileSync(join(folder, "site/a")));
  const { bundle, mounted, read } = await bundleIn(folder);
  const files = bundle.large ?? [];
  expect(files.map(({ path, executable }) => [path, executable]).toSorted()).toEqual([
    ["site/a", undefined],
    ["site/copy", undefined],
    ["site/link.sh", true],
  ]);
  const archives = await makeArchives(folder, await entriesOf(folder, read), mounted);
  onTestFinished(archives.remove);
  expect(archives.list).toEqual([]);
  const there = await newFolder({});
  for (const { file } of archives.mounted) execFileSync("tar", ["-xzf", file, "-C", there]);
  expect(execFileSync("ls", [there], { encoding: "utf8" }).trim().split("\n")).toHaveLength(2);
  for (const { path, hash, bytes, checksum: sum } of files) {
    const content = readFileSync(join(folder, path));
    expect(readFileSync(join(there, hash)).equals(content)).toBe(true);
    expect(createHash("sha256").update(content).digest("hex")).toBe(hash);
    expect(execFileSync("cksum", { input: content, encoding: "utf8" }).trim()).toBe(`${sum} ${bytes}`);
  }
});

test("a checksum is that of cksum, in whatever parts a content comes", () => {
  const content = randomBytes(70_000);
  for (const parts of [[content], [content.subarray(0, 1), content.subarray(1)], [], [Buffer.from("a")]]) {
    const sum = checksum();
    for (const part of parts) sum.update(part);
    const [said] = execFileSync("cksum", { input: Buffer.concat(parts), encoding: "utf8" }).split(" ");
    expect(sum.value()).toBe(Number(said));
  }
});

test("more than is taken is refused before it is read, with what takes the room", async () => {
  const folder = await newFolder({ "compose.yaml": COMPOSE, "site/one/small": "" });
  const video = join(folder, "site/one/video.mp4");
  await writeFile(video, "");
  await truncate(video, 1100 * 1024 * 1024);
  expect(await problem(() => bundleIn(folder))).toMatchObject({
    code: "bundle.too_large",
    detail: expect.stringMatching(/1024\.0 MB is the most\. The biggest: site\/one\/video\.mp4 \(1100\.0 MB\)/),
  });
  const many = await newFolder({ "compose.yaml": COMPOSE });
  await mkdir(join(many, "site/modules"), { recursive: true });
  for (let i = 0; i <= LARGE_FILES_MOST; i++) await writeFile(join(many, "site/modules", `${i}`), "");
  expect(await problem(() => bundleIn(many))).toMatchObject({
    code: "bundle.too_large",
    detail: `Services mount ${LARGE_FILES_MOST + 1} files; ${LARGE_FILES_MOST} is the most. Most of them: site/modules/ (${LARGE_FILES_MOST + 1}).`,
  });
});
