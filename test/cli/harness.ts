import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { buildCli } from "../../packages/cli/build.ts";
import { serveApi } from "../support/api.ts";
import { type ScriptedReach, scriptedReach } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { type TestWorld, testWorld } from "../support/world.ts";
import { makeFolder } from "./folder.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON object it is. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every command
  readonly json: any;
  /** Standard output as JSON lines. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly lines: any[];
}

interface Options {
  readonly token?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Told as output comes, with the process. */
  readonly watch?: (text: string, child: ChildProcess) => void;
}

export interface Cli {
  readonly test: TestWorld;
  readonly reach: ScriptedReach;
  readonly url: string;
  /** A folder that goes away with the test file. */
  folder(files?: Readonly<Record<string, string>>, name?: string): Promise<string>;
  tenant(options?: Parameters<typeof testTenant>[1]): Promise<TestTenant & { readonly secret: string }>;
  /** The CLI as a process of its own; the workers are at work while it runs. */
  berth(args: readonly string[], options?: Options): Promise<Ended>;
  /** The same at a terminal: what is sent goes in as keys when the text it waits for has come out. */
  atTerminal(
    args: readonly string[],
    keys: readonly (readonly [after: string | RegExp, keys: string | (() => string)])[],
    options?: Options,
  ): Promise<Ended>;
}

const WORK_MS = 10;

/**
 * The CLI, built once, against the real API over real HTTP, with servers that are a script. Call it at the top of a test file; `open` gives
 * a world of the caller's own, which the caller closes.
 */
export function useCli(open?: () => Promise<TestWorld>): Cli {
  let test: TestWorld;
  const reach = scriptedReach();
  let root = "";
  let program = "";
  let served: Awaited<ReturnType<typeof serveApi>>;
  let folders = 0;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "berth-cli-"));
    program = await buildCli(join(root, "berth.mjs"));
    test = open ? await open() : testWorld({ running: true, start: new Date() });
    served = await serveApi(test);
  });
  afterAll(async () => {
    await served.close();
    if (!open) test.close();
    await rm(root, { recursive: true, force: true });
  });

  const envOf = ({ token, env = {} }: Options) => ({
    PATH: process.env.PATH,
    HOME: root,
    TZ: "UTC",
    TERM: "xterm-256color",
    BERTH_CONFIG_DIR: join(root, "config"),
    BERTH_URL: served.url,
    ...(token !== undefined && { BERTH_TOKEN: token }),
    ...env,
  });

  async function run(command: readonly string[], options: Options): Promise<Ended> {
    const [name = "", ...args] = command;
    const child = spawn(name, args, { cwd: options.cwd ?? root, env: envOf(options) as NodeJS.ProcessEnv, stdio: "pipe" });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] += text;
        options.watch?.(text, child);
      });
    if (options.input !== undefined) child.stdin.end(options.input);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const stop = work(test, reach);
    const code = await ended.finally(stop);
    const objects = () =>
      said.stdout
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    return {
      code,
      ...said,
      get json() {
        return JSON.parse(said.stdout);
      },
      get lines() {
        return objects();
      },
    };
  }

  return {
    get test() {
      return test;
    },
    reach,
    get url() {
      return served.url;
    },
    folder: (files = {}, name = `folder${++folders}`) => makeFolder(root, name, files),
    async tenant(options = {}) {
      const tenant = await testTenant(test, { reach, ...options });
      return { ...tenant, secret: await tenant.token() };
    },
    berth: (args, options = {}) => run([process.execPath, program, ...args], { input: "", ...options }),
    atTerminal(args, keys, options = {}) {
      const quoted = [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
      const left = [...keys];
      let seen = "";
      const watch = (text: string, child: ChildProcess) => {
        options.watch?.(text, child);
        seen += text;
        const [next] = left;
        if (!next || !(typeof next[0] === "string" ? seen.includes(next[0]) : next[0].test(seen))) return;
        left.shift();
        seen = "";
        // A prompt listens a moment after it is drawn.
        setTimeout(() => child.stdin?.write(typeof next[1] === "string" ? next[1] : next[1]()), 60);
      };
      return run(["script", "-qefc", `stty cols 100 rows 40; exec ${quoted}`, "/dev/null"], { ...options, watch });
    },
  };
}

/** Does the work of the jobs queue until it is stopped. */
function work(test: TestWorld, reach: ScriptedReach): () => Promise<void> {
  let stopped = false;
  const running = new Set<Promise<void>>();
  const loop = async () => {
    while (!stopped) {
      for (const { message, options } of test.take("jobs")) {
        if (options.delaySeconds) continue;
        const asked = Message.parse(message);
        const ctx = { ...test.world, tenant: asked.tenant, actor: { kind: "system" as const, id: "test" } };
        const done = answerMessage(ctx, asked, reach).finally(() => running.delete(done));
        running.add(done);
      }
      await sleep(WORK_MS);
    }
    await Promise.all(running);
  };
  const looping = loop();
  return () => {
    stopped = true;
    return looping;
  };
}

/** Without the colours and the redrawing of a terminal. */
export const flat = (text: string) => text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "");
