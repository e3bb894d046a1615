/**
 * Customers' servers on one Linux machine, as root: each a network namespace with a root, an sshd and a Docker daemon of
 * its own, beside a registry that they also use as their mirror of the public one. Several labs can stand at once; each
 * has a slot, which gives it its addresses, its folder and its names. What a lab started ends with it: a supervisor waits
 * for this process to close the lab or to die, and takes everything down.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { generateKey, type KeyPair } from "@berth/domain/remote/key.ts";
import { installDeps, unavailable } from "./deps.ts";
import { type Engine, type EngineName, engineName, readyEngine } from "./engine.ts";
import { type Image, pushImage } from "./image.ts";
import { makeServer, type Server } from "./server.ts";
import { until } from "./until.ts";

const down = fileURLToPath(new URL("./down.sh", import.meta.url));
const root = `${tmpdir()}/berth-lab-`;
const slots = 64;

export interface Lab {
  readonly servers: readonly Server[];
  readonly registry: Registry;
  readonly folder: string;
  /** Take everything down: processes, mounts, namespaces, bridge and folder. */
  close(): Promise<void>;
}

/** Who may pull from a locked registry, and the line of htpasswd that says so. No file of this machine, which servers see, has the password. */
export const puller = { user: "mona", password: Buffer.from("70756c6c2d63616e6172792d356633613963", "hex").toString() };
const htpasswd = `${puller.user}:$2b$05$abcdefghijklmnopqrstuuhJ6eLN/fGUjSU3IBjjO/dYTnhQnH0bq\n`;

interface Registry {
  /** Host and port, as servers reach it. An image pushed as `library/redis:7` is `redis:7` in a Compose file. */
  readonly address: string;
  /** The same images behind a login, if the lab was asked for that. */
  readonly locked: string;
  push(reference: string, image: Image): Promise<string>;
  /** Remove the image that has this digest. */
  forget(name: string, digest: string): Promise<void>;
}

/** Why no lab can run here, or undefined when one can. */
export function available(): string | undefined {
  return unavailable();
}

export interface LabOptions {
  readonly servers: number;
  /** Gives every server a disk of this size for Docker, which is lost with its power; else it has this machine's. */
  readonly dockerMegabytes?: number | undefined;
  /** Whose Docker the servers have; else the one that `BERTH_LAB_ENGINE` names, or this machine's. */
  readonly engine?: EngineName | undefined;
  /** A file with the Compose that they have; else the one that `BERTH_LAB_COMPOSE` names, or the engine's own. */
  readonly compose?: string | undefined;
  /** Has a registry that wants the login of `puller`. */
  readonly locked?: boolean | undefined;
}

/** Bring up that many servers and their registry. Takes about 3 s once Debian's packages are there. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const why = unavailable();
  if (why) throw new Error(why);
  installDeps();
  const engine = await readyEngine(engineName(options.engine), options.compose);
  clean();
  const { slot, folder } = claim();
  const supervisor = supervise(folder, slot);
  const close = async () => {
    const ended = new Promise((resolve) => supervisor.once("exit", resolve));
    if (supervisor.exitCode !== null) return;
    supervisor.ref();
    supervisor.stdin?.end();
    await ended;
  };
  try {
    const network = `10.77.${slot}`;
    ip("link", "add", `berthlab${slot}`, "type", "bridge");
    ip("addr", "add", `${network}.1/24`, "dev", `berthlab${slot}`);
    ip("-6", "addr", "add", `fd77:${slot + 1}::1/64`, "dev", `berthlab${slot}`, "nodad");
    ip("link", "set", `berthlab${slot}`, "up");
    const registry = startRegistry(folder, `${network}.1`, options.locked === true);
    const key = generateKey("lab");
    writeFileSync(`${folder}/cgroups.all`, cgroups());
    const starting = Array.from({ length: options.servers }, (_, index) =>
      start(folder, slot, index + 1, network, registry, key, engine, options.dockerMegabytes),
    );
    const servers = await Promise.all(starting);
    await until(async () => (await fetch(`http://${registry.address}/v2/`)).ok, "the registry");
    return { servers, registry, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  folder: string,
  slot: number,
  number: number,
  network: string,
  registry: Registry,
  key: KeyPair,
  engine: Engine,
  dockerMegabytes: number | undefined,
): Promise<Server> {
  const namespace = `berth${slot}-${number}`;
  ip("netns", "add", namespace);
  ip("link", "add", `bv${slot}-${number}`, "type", "veth", "peer", "name", "eth0", "netns", namespace);
  ip("link", "set", `bv${slot}-${number}`, "master", `berthlab${slot}`, "up");
  const host = `${network}.${10 + number}`;
  ip("-n", namespace, "addr", "add", `${host}/24`, "dev", "eth0");
  const host6 = `fd77:${slot + 1}::${10 + number}`;
  ip("-n", namespace, "-6", "addr", "add", `${host6}/64`, "dev", "eth0", "nodad");
  ip("-n", namespace, "link", "set", "eth0", "up");
  ip("-n", namespace, "link", "set", "lo", "up");
  ip("-n", namespace, "route", "add", "default", "via", `${network}.1`);
  const server = makeServer({
    folder: `${folder}/${namespace}`,
    namespace,
    host,
    host6,
    registry: registry.address,
    locked: registry.locked,
    key,
    engine,
    cgroups: `${folder}/cgroups.all`,
    dockerMegabytes,
  });
  await server.start();
  return server;
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

function startRegistry(folder: string, host: string, isLocked: boolean): Registry {
  const [address, locked] = [`${host}:5000`, `${host}:5001`];
  const serve = (name: string, at: string, more = "") => {
    const config = `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/registry}, delete: {enabled: true}}\nhttp: {addr: "${at}"}\n${more}`;
    writeFileSync(`${folder}/${name}.yml`, config);
    const process = spawn("docker-registry", ["serve", `${folder}/${name}.yml`], { detached: true, stdio: "ignore" });
    process.unref();
    writeFileSync(`${folder}/${name}.pid`, String(process.pid));
  };
  serve("registry", address);
  if (isLocked) {
    writeFileSync(`${folder}/htpasswd`, htpasswd);
    serve("locked-registry", locked, `auth: {htpasswd: {realm: lab, path: ${folder}/htpasswd}}\n`);
  }
  return {
    address,
    locked,
    push: async (reference, image) => {
      await until(async () => (await fetch(`http://${address}/v2/`)).ok, "the registry");
      return pushImage(address, reference, image);
    },
    forget: async (name, digest) => {
      const answer = await fetch(`http://${address}/v2/${name}/manifests/${digest}`, { method: "DELETE" });
      if (!answer.ok) throw new Error(`the registry answered ${answer.status} to the removal of ${name}@${digest}`);
    },
  };
}

/** The host's cgroup hierarchies, a folder and its mount options a line; empty where there is only the unified one. */
function cgroups(): string {
  const lines = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const generic = new Set(["rw", "ro", "nosuid", "nodev", "noexec", "relatime", "xattr"]);
  return lines
    .flatMap((line) => {
      const [, point, type, options] = line.split(" ");
      if (type !== "cgroup" || !point?.startsWith("/sys/fs/cgroup/") || !options) return [];
      const own = options.split(",").filter((option) => !generic.has(option) && !option.startsWith("release_agent="));
      return [`${point.slice("/sys/fs/cgroup/".length)} ${own.join(",")}\n`];
    })
    .join("");
}

function claim(): { slot: number; folder: string } {
  for (let slot = 0; slot < slots; slot += 1) {
    const folder = `${root}${slot}`;
    try {
      mkdirSync(folder);
      writeFileSync(`${folder}/owner`, `${process.pid} ${startTime(process.pid)}`);
      return { slot, folder };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new Error(`all ${slots} labs are taken`);
}

/** A process of its own session that takes the lab down when this one closes its input, on purpose or by dying. */
function supervise(folder: string, slot: number): ChildProcess {
  const script = 'trap "" INT TERM HUP; cat >/dev/null; exec bash "$0" "$1" "$2"';
  const process = spawn("bash", ["-c", script, down, folder, String(slot)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  process.unref();
  (process.stdin as unknown as { unref(): void }).unref(); // a child's pipe is a socket, which has it
  return process;
}

/** Take down what a lab left behind whose process and supervisor were both killed. */
function clean(): void {
  for (const name of readdirSync(tmpdir())) {
    const slot = /^berth-lab-(\d+)$/u.exec(name)?.[1];
    if (slot === undefined) continue;
    const folder = `${root}${slot}`;
    const owner = read(`${folder}/owner`);
    if (owner === undefined ? Date.now() - changedAt(folder) < 10_000 : isAlive(owner)) continue;
    execFileSync("bash", [down, folder, slot], { stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
  }
}

function isAlive(owner: string): boolean {
  const [pid, started] = owner.split(" ");
  return startTime(Number(pid)) === started;
}

/** When a process began, in ticks since boot: with its number it names one process for ever. */
function startTime(pid: number): string | undefined {
  return read(`/proc/${pid}/stat`)?.split(") ")[1]?.split(" ")[19];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
}
