/** A place that stands for a server's disk and its `docker`, and the runner started on it without SSH. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isBuilt } from "@berth/domain/compose/compose.ts";
import { deployment, rollback } from "@berth/domain/plan/operations.ts";
import { operationLines } from "@berth/domain/plan/summary.ts";
import { createReader } from "@berth/domain/remote/events.ts";
import { carries, type Decision, type Exit, type RunEvent, type RunInput } from "@berth/domain/remote/remote.ts";
import { RUN, toAnswer, toRequest } from "@berth/domain/remote/request.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { sendCarried } from "@berth/domain/remote/send.ts";
import { parse } from "yaml";
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

type Services = Readonly<Record<string, { readonly build?: unknown; readonly image?: string; readonly pull_policy?: string }>>;

function servicesOf({ env }: Host): Services {
  const path = `${env.HOME}/fake/config`;
  const { services } = parse(existsSync(path) ? readFileSync(path, "utf8") : compose) as { services: Services };
  return Object.fromEntries(Object.entries(services).filter(([, each]) => !("provider" in each)));
}

/** Whatever is there: all images are got, but those named by a digest that is there, and all containers are brought up. */
function everything(host: Host, { values }: RunInput): string[] {
  const services = servicesOf(host);
  const names = Object.keys(services);
  const isMade = (name: string) => isBuilt(services[name]!); // one of its names
  const isThere = (name: string) => {
    const digest = /(?:^|:)([0-9a-f]{64})$/.exec(services[name]?.image ?? "")?.[1];
    const store = `${host.env.HOME}/fake/store`;
    return digest !== undefined && existsSync(store) && readFileSync(store, "utf8").includes(digest);
  };
  const parts = {
    pull: names.filter((name) => !isMade(name) && !isThere(name)),
    remove: [],
    stop: [],
    move: [],
    up: names,
    wait: names,
  };
  const isRecorded = values.pull === "missing" || existsSync(`${host.home}/state/${values.project}/${values.release}.healthy`);
  return operationLines(
    isRecorded ? rollback(parts) : deployment({ ...parts, build: names.filter(isMade), carry: [], reuse: [] }),
  );
}

/** A deploy as a worker sends it, which answers whatever is asked, at once. */
export function asking(
  host: Host,
  input: RunInput,
  operations = everything(host, input),
): RunInput & { decide(): Promise<Decision> } {
  const decide = () => Promise.resolve({ go: "run" as const, plan: ["all of it", ...operations] });
  return { ...input, values: { ...input.values, ask: "1" }, decide };
}

/** The runner that knows what it would report, and asks nobody for it: the fake docker is for the run. */
export const silent = (host: Host, script = runner) =>
  script.replace(
    /\ncase \$1 in\n {2}--run\)/,
    `
report() {
  mkdir "$scratch/told"
  : >"$scratch/programs"
  printf '%s' '${Object.entries(servicesOf(host))
    .map(([name, each]) => `${name}\t-\t-\t${isBuilt(each) ? "build" : "-"}\n`)
    .join("")}' >"$scratch/services"
  cut -f 1 "$scratch/services" >"$scratch/told/all"
  printf 'q\\n'
  exit 0
}$&`,
  );

/** What a caller sends that does not wait for the question. */
export async function answered(host: Host, input: RunInput, script?: string): Promise<Buffer> {
  const asked = asking(host, input);
  return Buffer.concat([await toRequest(asked, silent(host, script)), Buffer.from(toAnswer(await asked.decide()))]);
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
  const isUnasked = input.op === "deploy" && !input.decide;
  const asked = isUnasked ? asking(host, input) : input;
  const hear = (event: RunEvent) => {
    events.push(event);
    onEvent(event);
  };
  const answer = (report?: Uint8Array) =>
    void asked.decide?.(report).then((decision) => {
      child.stdin.write(toAnswer(decision));
      if (!carries(decision)) child.stdin.end();
    });
  const bring = (services: readonly string[]) => {
    const packing = asked.carried?.(services, new AbortController().signal);
    if (packing) sendCarried(child.stdin, new Promise(() => {}), packing).catch(() => child.stdin.end()); // as a worker hangs up
  };
  const reader = createReader(input.from, hear, undefined, answer, undefined, bring);
  const [program, ...args] = shell;
  const child = spawn(program!, [...args, "-c", RUN], { env: host.env, stdio: ["pipe", "pipe", "inherit"] }); // a shell is named
  child.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
  child.stdin.on("error", () => {}); // a runner that refuses at once does not read to the end
  const request = await toRequest(asked, isUnasked ? silent(host, script) : script);
  if (asked.decide) child.stdin.write(request);
  else child.stdin.end(request);
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
