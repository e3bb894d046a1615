import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const program = fileURLToPath(new URL("../../packages/local/src/main.ts", import.meta.url));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

interface Dev {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

function dev(...args: string[]): Dev {
  const child = spawn(process.execPath, [program, "--port", "0", "--no-build", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const exit = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { child, output: () => output, exit };
}

const folder = () => mkdtempSync(join(tmpdir(), "berth-dev-"));
const up = (one: Dev) => expect.poll(one.output, { timeout: 60_000 }).toContain("Time");
const addressOf = (one: Dev, name: string) =>
  new RegExp(`${name}\\s+(http://127\\.0\\.0\\.1:\\d+)`).exec(one.output())?.[1] ?? "";

async function childrenOf(one: Dev): Promise<number[]> {
  const answer = await fetch(`${addressOf(one, "Inbox")}/_local/workers`);
  return ((await answer.json()) as { items: { pid: number }[] }).items.map(({ pid }) => pid);
}
const gone = (pids: number[]) =>
  expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 }).toEqual([]);

test("it says where everything is, answers there, and ends at Ctrl-C with all its processes", async () => {
  const one = dev("--folder", folder());
  await up(one);
  expect(one.output()).toContain("berth -- login --url");
  expect((await fetch(`${addressOf(one, "Dashboard")}/health`)).status).toBe(200);
  expect((await fetch(`${addressOf(one, "Inbox")}/_local/inbox`)).status).toBe(200);
  const pids = await childrenOf(one);
  expect(pids).toHaveLength(3);
  one.child.kill("SIGINT");
  expect(await one.exit).toBe(0);
  await gone(pids);
});

test("killed outright it leaves no process behind, and the folder can be used again", async () => {
  const at = folder();
  const one = dev("--folder", at, "--workers", "1");
  await up(one);
  const pids = await childrenOf(one);
  expect(pids).toHaveLength(2);
  one.child.kill("SIGKILL");
  await one.exit;
  await gone(pids);
  const two = dev("--folder", at, "--workers", "1");
  await up(two);
  two.child.kill("SIGTERM");
  expect(await two.exit).toBe(0);
});

test("a second one on the same folder says who has it, and a taken port says so", async () => {
  const at = folder();
  const one = dev("--folder", at, "--workers", "1");
  await up(one);
  const two = dev("--folder", at);
  expect(await two.exit).toBe(1);
  expect(two.output()).toContain(`is in use by process ${one.child.pid}. End it first, or give another --folder.`);
  const { port } = new URL(addressOf(one, "Dashboard"));
  const three = dev("--folder", folder(), "--port", port);
  expect(await three.exit).toBe(1);
  expect(three.output()).toContain("Give another with --port.");
});
