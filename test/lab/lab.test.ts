import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { busyboxImage } from "./images.ts";
import { available, startLab } from "./lab.ts";
import { until } from "./until.ts";

const reason = available();

/** Whatever on this machine carries the lab's name: processes, mounts, namespaces, links, folders. */
function traces(folder: string): string[] {
  const slot = folder.split("-").at(-1);
  const processes = readdirSync("/proc").filter((name) => /^\d+$/u.test(name) && commandOf(name).includes(`${folder}/`));
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(`${folder}/`));
  const list = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" }).split("\n");
  const spaces = list("netns", "list").filter((line) => line.startsWith(`berth${slot}-`));
  const links = list("-o", "link", "show").filter((line) => line.includes(`: berthlab${slot}:`) || line.includes(`: bv${slot}-`));
  return [
    ...processes.map((pid) => `process ${commandOf(pid)}`),
    ...mounts,
    ...spaces,
    ...links,
    ...(existsSync(folder) ? [folder] : []),
  ];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended meanwhile
  }
}

describe.skipIf(reason)(`a lab${reason ? ` (skipped: ${reason})` : ""}`, () => {
  test("stands beside another one, each with its own servers and registry, and leaves nothing behind", async () => {
    const [one, two] = await Promise.all([startLab({ servers: 2 }), startLab({ servers: 1 })]);
    expect(new Set([...one.servers, ...two.servers].map((server) => server.host)).size).toBe(3);
    expect(one.registry.address).not.toBe(two.registry.address);
    expect(new Set([...one.servers, ...two.servers].map((server) => server.hostKey)).size).toBe(3);
    await two.registry.push("library/busybox:1", busyboxImage());
    await expect(two.servers[0]?.exec("docker run --rm busybox:1 echo hello 2>/dev/null")).resolves.toBe("hello\n");
    await expect(one.servers[0]?.exec("docker run --rm busybox:1 echo hello")).rejects.toThrow();
    expect(await one.servers[0]?.exec("hostname; docker info --format '{{.Name}}'")).toBe(
      `${one.servers[0]?.namespace}\n`.repeat(2),
    );
    expect(await one.servers[0]?.exec("ls -A /root")).toBe(".ssh\n"); // not the home of this machine's root
    await Promise.all([one.close(), two.close()]);
    expect([...traces(one.folder), ...traces(two.folder)]).toEqual([]);
  });

  test("has the Compose that was given on its servers, and says why one cannot be had", async () => {
    const folder = mkdtempSync(`${tmpdir()}/berth-given-`);
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = `${folder}/docker-compose`;
    await expect(startLab({ servers: 1, compose: file })).rejects.toThrow(
      "docker-compose is not a Docker Compose that runs here: there is no such file",
    );
    const metadata = '{"SchemaVersion":"0.1.0","Vendor":"none","Version":"v98.7.6"}';
    writeFileSync(file, `#!/bin/sh\n[ "$1" = docker-cli-plugin-metadata ] && echo '${metadata}' || echo 98.7.6\n`);
    await expect(startLab({ servers: 1, compose: file })).rejects.toThrow("it is not executable");
    await expect(startLab({ servers: 1, compose: "/bin/true" })).rejects.toThrow("/bin/true is not a Docker Compose");
    chmodSync(file, 0o755);
    const lab = await startLab({ servers: 1, compose: file });
    onTestFinished(lab.close);
    const compose = () => lab.servers[0]?.exec("docker compose version --short");
    expect(await compose()).toBe("98.7.6\n");
    await lab.servers[0]?.stop();
    await lab.servers[0]?.start();
    expect(await compose()).toBe("98.7.6\n");
  });

  test("goes with the process that made it, even if that is killed", async () => {
    const script = `import { startLab } from "./lab.ts"; const lab = await startLab({ servers: 1 }); console.log(lab.folder); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const folder = await new Promise<string>((resolve) =>
      child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim())),
    );
    expect(traces(folder).length).toBeGreaterThan(3);
    child.kill("SIGKILL");
    await until(async () => traces(folder).length === 0, "the lab to go");
  });
});
