/** Services that are built where they are deployed, on real servers. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployOf, runOn, visit } from "./client.ts";
import { available, type Lab, startLab } from "./lab.ts";
import type { Server } from "./server.ts";

const reason = available();

interface Folder {
  readonly hash: string;
  readonly content: Buffer;
}

/** An archive as the command line makes it. */
async function archive(files: Readonly<Record<string, string>>): Promise<Folder> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array)); // tar-stream says no more than Readable
  const content = gzipSync(Buffer.concat(chunks));
  return { hash: createHash("sha256").update(content).digest("hex"), content };
}

/** Sends them as the worker does, and remembers which were asked for. */
function sending(folders: readonly Folder[], gone: readonly string[] = []) {
  const asked: string[] = [];
  const archives = {
    list: folders.map(({ hash, content }) => ({ hash, bytes: content.length })),
    async open(hash: string) {
      asked.push(hash);
      const found = folders.find((each) => each.hash === hash && !gone.includes(hash));
      return found && half(found.content);
    },
  };
  return { asked, archives };
}

async function* half(content: Buffer) {
  const middle = Math.floor(content.length / 2);
  yield content.subarray(0, middle);
  yield content.subarray(middle);
}

const compose = `services:
  web:
    build: { context: ./web, args: { WORD: "\${WORD}" } }
    ports: ["8080:80"]
    stop_grace_period: 1s
  worker:
    image: shop-worker:mine
    build: { context: ., dockerfile_inline: "FROM page:1\\nCOPY shared.txt /www/shared.txt" }
    stop_grace_period: 1s
`;
const files = [
  { path: "compose.yaml", content: compose },
  { path: ".env", content: "WORD='hello'\n" },
];
const dockerfile = 'FROM page:1\nARG WORD\nCOPY . /www/\nRUN echo "$WORD $(cat /www/said.txt)" >/www/index.html\n';

describe.skipIf(reason)(`builds${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  let server: Server;
  beforeAll(async () => {
    lab = await startLab({ servers: 1 });
    server = lab.servers[0]!; // one was asked for
    const { pageImage } = await import("./images.ts");
    await lab.registry.push("library/page:1", pageImage("page"));
    // Old BuildKits do not pull from a registry without TLS; what is on the server they take.
    await server.exec("docker pull -q page:1");
  });
  afterAll(() => lab?.close());

  const shared = () => archive({ "shared.txt": "shared" });
  const web = (said: string) => archive({ "web/Dockerfile": dockerfile, "web/said.txt": said });

  test("what has a build is built from the folder as it was sent, and only what changed is sent again", async () => {
    const first = sending([await shared(), await web("one")]);
    const { exit, events } = await runOn(server, { ...deployOf(1, compose), files, archives: first.archives });
    expect(exit).toMatchObject({ code: 0 });
    expect(first.asked).toHaveLength(2);
    expect(await visit(server)).toBe("hello one");
    expect(events.filter(({ type }) => type === "step").map(({ step }) => step)).toEqual([
      "plan",
      "preflight",
      "build",
      "pull",
      "start",
      "verify",
      "record",
      "prune",
    ]);
    expect(events.filter(({ step, type }) => step === "build" && type === "log").length).toBeGreaterThan(0);

    const second = sending([await shared(), await web("two")]);
    expect((await runOn(server, { ...deployOf(2, compose), files, archives: second.archives })).exit).toMatchObject({ code: 0 });
    expect(second.asked).toEqual([(await web("two")).hash]);
    expect(await visit(server)).toBe("hello two");
    // What the release before was built from, and the names that only builds used, are gone.
    expect((await server.exec("ls /var/lib/berth/archives")).trim().split("\n")).toHaveLength(2);
    expect(await server.exec("docker image ls --format '{{.Repository}}:{{.Tag}}'")).not.toMatch(/^shop-/m);
    expect(await server.exec("find /var/lib/berth -name source")).toBe("");
  });

  test("a rollback builds nothing and needs nothing of what it was built from", async () => {
    const back = { ...deployOf(1, compose, { values: { pull: "missing" } }), files };
    const { exit, events } = await runOn(server, back);
    expect(exit).toMatchObject({ code: 0 });
    expect(await visit(server)).toBe("hello one");
    expect(events.some(({ step }) => step === "build")).toBe(false);
  });

  test("a build that fails stops nothing, and says what the command said", async () => {
    const broken = archive({ "web/Dockerfile": "FROM page:1\nRUN echo it is broken && false\n" });
    const before = await server.exec("docker ps -q --no-trunc | sort");
    const { archives } = sending([await shared(), await broken]);
    const { exit } = await runOn(server, { ...deployOf(3, compose), files, archives });
    expect(exit).toMatchObject({ code: 1, class: "build.failed", step: "build", service: "web", changed: false });
    expect(exit.message).toMatch(/exit code: 1/);
    // Of the part that failed alone, and without BuildKit's numbers.
    expect(exit.log[0]).toMatch(/^\[web 2\/2\] RUN echo it is broken/);
    expect(exit.log.join("\n")).toMatch(/^\d+\.\d+ it is broken$/m);
    expect(exit.log.join("\n")).not.toMatch(/^#|internal|shared/m);
    expect(await server.exec("docker ps -q --no-trunc | sort")).toBe(before);
  });

  test("a build of a file that is included, beside an override, has its context where that file is", async () => {
    const several = {
      "compose.yaml": 'include: [sub/compose.yaml]\nservices:\n  page: { image: "page:1", stop_grace_period: 1s }\n',
      "compose.override.yaml":
        'services:\n  tool: { build: { context: ./tool, args: { SAID: "override" } }, ports: ["8081:80"], stop_grace_period: 1s }\n',
      "sub/compose.yaml": 'services:\n  inner: { build: { context: ./ctx }, ports: ["8082:80"], stop_grace_period: 1s }\n',
    };
    const { archives } = sending([
      await archive({ ...several, "tool/Dockerfile": "FROM page:1\nARG SAID\nRUN echo $SAID >/www/index.html\n" }),
      await archive({ "sub/ctx/Dockerfile": "FROM page:1\nCOPY said.txt /www/index.html\n", "sub/ctx/said.txt": "included\n" }),
    ]);
    const input = deployOf(5, "", {
      values: { project: "several-production", app_id: "ten_1/app_2", compose_files: "compose.yaml\ncompose.override.yaml\n" },
    });
    const sent = Object.entries(several).map(([path, content]) => ({ path, content }));
    const { exit } = await runOn(server, { ...input, files: [...sent, { path: ".env", content: "" }], archives });
    expect(exit).toMatchObject({ code: 0 });
    expect([await visit(server, 8081), await visit(server, 8082)]).toEqual(["override", "included"]);
  });

  test("an archive that is no longer kept, or is another than its name says, begins nothing", async () => {
    const lost = await archive({ "lost.txt": "lost" });
    const kept = sending([lost], [lost.hash]);
    const { exit } = await runOn(server, { ...deployOf(4, compose), files, archives: kept.archives });
    expect(exit).toMatchObject({ class: "archive.gone", changed: false });
    const forged = { ...(await archive({ "a.txt": "a" })), content: lost.content };
    await expect(runOn(server, { ...deployOf(4, compose), files, archives: sending([forged]).archives })).rejects.toThrow();
    expect(await server.exec("ls /var/lib/berth/archives")).not.toMatch(new RegExp(`${lost.hash}|${forged.hash}|new`));
  });
});
