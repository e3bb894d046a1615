/** One customer's server of the lab. */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generateKey, type KeyPair } from "@berth/domain/remote/key.ts";
import type { Address } from "@berth/domain/remote/remote.ts";
import type { Engine } from "./engine.ts";
import { until } from "./until.ts";

const script = fileURLToPath(new URL("./server.sh", import.meta.url));

export interface Server extends Address {
  /** Its other address, of IPv6. */
  readonly host6: string;
  readonly namespace: string;
  readonly privateKey: string;
  readonly publicKey: string;
  /** The server's own disk as this machine sees it: what Berth wrote is in `<folder>/berth`. */
  readonly folder: string;
  /** Run shell text on the server, not over SSH. Throws when it fails. */
  exec(command: string): Promise<string>;
  /** What its sshd has counted since it first started. */
  ssh(): { connections: number; execs: number };
  /** Cut the power: every process ends at once, the disk stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stop or start the sshd alone; sessions that are open stay open. */
  stopSsh(): Promise<void>;
  startSsh(): Promise<void>;
  /** End every open SSH session, as when the network is cut: the commands in them live on. */
  dropSsh(): Promise<void>;
  /** Freeze or thaw the Docker daemon. */
  pauseDocker(): Promise<void>;
  resumeDocker(): Promise<void>;
}

interface Making {
  readonly folder: string;
  readonly namespace: string;
  readonly host: string;
  readonly host6: string;
  readonly registry: string;
  readonly locked: string;
  readonly key: KeyPair;
  readonly engine: Engine;
  readonly cgroups: string;
  readonly dockerMegabytes: number | undefined;
}

/** Lay out a server's folder and host key; `start` brings it up. */
export function makeServer(making: Making): Server {
  const { folder, namespace, host, host6, registry, locked, key, engine, cgroups, dockerMegabytes } = making;
  for (const name of ["upper", "work", "root", "docker", "berth", "home"]) mkdirSync(`${folder}/${name}`, { recursive: true });
  const hostKey = generateKey(namespace);
  writeFileSync(`${folder}/ssh_host_ed25519_key`, hostKey.privateKey, { mode: 0o600 });
  writeFileSync(`${folder}/ssh_host_ed25519_key.pub`, `${hostKey.publicKey}\n`);
  const daemon = { ...engine.daemon, "insecure-registries": [registry, locked], "registry-mirrors": [`http://${registry}`] };
  writeFileSync(`${folder}/daemon.json`, JSON.stringify(daemon));
  writeFileSync(`${folder}/authorized_keys`, `${key.publicKey}\n`);
  const hierarchies = readFileSync(cgroups, "utf8");
  if (hierarchies) writeFileSync(`${folder}/cgroups`, hierarchies);
  let machine: ChildProcess | undefined;

  async function exec(command: string): Promise<string> {
    const init = readFileSync(`/proc/${machine?.pid}/task/${machine?.pid}/children`, "utf8").trim().split(" ")[0]!; // "" fails below
    const inside = ["--target", init, "--mount", "--pid", "--net", "--uts"];
    return new Promise((resolve, reject) => {
      execFile("nsenter", [...inside, "/bin/bash", "-c", `cd /\n${command}`], { maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
        error ? reject(new Error(`${command}: ${stderr || stdout || error.message}`)) : resolve(stdout),
      );
    });
  }

  // Asked inside, so that nothing but what a test does is counted as a connection.
  const listens = async () => (await exec("test -s /run/sshd.pid && kill -0 $(cat /run/sshd.pid) && echo up")) === "up\n";

  return {
    host,
    host6,
    port: 22,
    user: "root",
    hostKey: hostKey.publicKey.split(" ")[1]!, // a public key line has three words
    privateKey: key.privateKey,
    publicKey: key.publicKey,
    namespace,
    folder,
    exec,
    ssh() {
      const path = `${folder}/upper/var/log/sshd.log`;
      const log = existsSync(path) ? readFileSync(path, "utf8") : "";
      return {
        connections: log.match(/^Connection from /gmu)?.length ?? 0,
        execs: log.match(/^Starting session: /gmu)?.length ?? 0,
      };
    },
    async start() {
      const args = ["netns", "exec", namespace, "unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child", "bash", script];
      const log = openSync(`${folder}/log`, "a");
      const options = { detached: true, stdio: ["ignore", log, log] } satisfies SpawnOptions;
      machine = spawn(
        "ip",
        [...args, folder, namespace, engine.root, String(dockerMegabytes ?? ""), engine.compose?.file ?? ""],
        options,
      );
      machine.unref();
      closeSync(log);
      const ended = once(machine, "exit").then(() => {
        throw new Error(`${namespace} ended: ${readFileSync(`${folder}/log`, "utf8")}`);
      });
      const docker = until(
        async () => (await exec("test -S /run/docker.sock && docker version >/dev/null && echo up")) === "up\n",
        `${namespace}'s Docker`,
        120,
      );
      await Promise.race([docker, ended]);
      await until(listens, `${namespace}'s sshd`, 120);
    },
    async stop() {
      const gone = new Promise((resolve) => machine?.once("exit", resolve));
      machine?.ref();
      machine?.kill("SIGKILL");
      await gone;
      await until(async () => (await run("ip", ["netns", "pids", namespace])) === "", `${namespace} to end`);
    },
    stopSsh: async () => void (await exec("touch /run/sshd.off; kill $(cat /run/sshd.pid)")),
    async startSsh() {
      await exec("rm -f /run/sshd.off");
      await until(listens, `${namespace}'s sshd`, 120);
    },
    // Every sshd but the one that listens, if one does: a session is one, two or three processes, by OpenSSH's version and
    // the user. What runs in it is none of them.
    dropSsh: async () =>
      void (await exec(
        "listens=$(cat /run/sshd.pid 2>/dev/null || true); for p in $(pgrep -x 'sshd|sshd-session|sshd-auth'); do test $p = \"$listens\" || kill -9 $p 2>/dev/null || true; done",
      )),
    pauseDocker: async () => void (await exec("kill -STOP $(cat /run/docker.pid)")),
    resumeDocker: async () => void (await exec("kill -CONT $(cat /run/docker.pid)")),
  };
}

function run(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => execFile(program, args, (error, stdout) => (error ? reject(error) : resolve(stdout))));
}
