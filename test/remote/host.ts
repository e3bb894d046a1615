/** A place that stands for a server's disk and its `docker`, and the runner started on it without SSH. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createReader } from "@berth/domain/remote/events.ts";
import type { Exit, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { RUN, toRequest } from "@berth/domain/remote/request.ts";
import { until } from "../lab/until.ts";

export interface Host {
  readonly home: string;
  readonly env: Record<string, string>;
  /** Tell the fake docker how to behave; see docker.sh. */
  set(name: string, value: string): void;
  unset(name: string): void;
  /** Resolves when that many `up` have begun. With `up.gate` set, none ends before it is unset. */
  begun(ups?: number): Promise<void>;
  calls(): string[];
  read(path: string): string;
  remove(): void;
}

export function makeHost(): Host {
  const folder = mkdtempSync(`${tmpdir()}/berth-host-`);
  const home = `${folder}/berth`;
  for (const name of ["bin", "fake"]) mkdirSync(`${folder}/${name}`);
  copyFileSync(fileURLToPath(new URL("./docker.sh", import.meta.url)), `${folder}/bin/docker`);
  return {
    home,
    env: { PATH: `${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, BERTH_HOME: home, HOME: folder },
    unset: (name) => rmSync(`${folder}/fake/${name}`),
    begun: (ups = 1) =>
      until(async () => readFileSync(`${folder}/fake/ups`, "utf8").trimEnd().split("\n").length >= ups, `${ups} up to begin`),
    set: (name, value) => writeFileSync(`${folder}/fake/${name}`, value),
    calls: () => readFileSync(`${folder}/fake/calls`, "utf8").trimEnd().split("\n"),
    read: (path) => readFileSync(`${home}/${path}`, "utf8"),
    remove: () => {
      // A run may still be writing its last words: its lock says when it has.
      if (existsSync(`${home}/mutation`)) spawnSync("flock", [`${home}/mutation`, "true"], { timeout: 20_000 });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const compose = "services:\n  web:\n    image: page:1\n";

/** A deploy of release 1 with one file; any part of it can be said otherwise. */
export function deployOf(job: string, input: Partial<RunInput> = {}): RunInput {
  const values = { project: "shop-production", app_id: "ten_1/app_1", release: "1", min_free_mb: "1", ...input.values };
  return { op: "deploy", job, fence: 1, from: 0, files: [{ path: "compose.yaml", content: compose }], ...input, values };
}

export interface Outcome {
  readonly exit: Exit | undefined;
  readonly events: readonly RunEvent[];
}

/** What sshd does with a command: the login shell, `-c`, and the tar on its input. */
export async function runOn(
  host: Host,
  input: RunInput,
  shell: readonly string[] = ["/bin/sh"],
  script?: string,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<Outcome> {
  const events: RunEvent[] = [];
  const reader = createReader(input.from, (event) => {
    events.push(event);
    onEvent(event);
  });
  const [program, ...args] = shell;
  const child = spawn(program!, [...args, "-c", RUN], { env: host.env, stdio: ["pipe", "pipe", "inherit"] }); // a shell is named
  child.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
  child.stdin.on("error", () => {}); // a runner that refuses at once does not read to the end
  child.stdin.end(await toRequest(input, script));
  await new Promise((resolve) => child.once("close", resolve));
  return { exit: reader.exit, events };
}

/** Waits until it is so: how long that takes is the machine's business. What is not there yet is not so. */
export async function eventually(probe: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  for (;;) {
    try {
      if (probe()) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    if (Date.now() > end) throw new Error(`waited a minute for ${probe}`);
    await sleep(20);
  }
}
