/** A real sshd on loopback whose sessions see a stand-in host's disk and `docker`. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { generateKey, type KeyPair } from "@berth/domain/remote/key.ts";
import type { Address } from "@berth/domain/remote/remote.ts";
import { installDeps, unavailable } from "../lab/deps.ts";
import type { Host } from "./host.ts";

const program = "/usr/sbin/sshd";

export interface Sshd {
  readonly address: Address;
  readonly key: KeyPair;
  readonly log: () => string;
  /** Lets another key in. */
  authorize(publicKey: string): void;
  /** Kill the processes of every open session's connection, not what they started. */
  drop(): void;
  stop(): Promise<void>;
}

/** Why there is no sshd to test against, after trying to install one. */
export function withoutSshd(): string | undefined {
  if (!existsSync(program) && !unavailable()) installDeps();
  return existsSync(program) ? undefined : "no sshd is installed";
}

export async function startSshd(host: Host, options: { port?: number; hostKey?: KeyPair } = {}): Promise<Sshd> {
  const folder = mkdtempSync(`${tmpdir()}/berth-sshd-`);
  const hostKey = options.hostKey ?? generateKey("host");
  const key = generateKey("test");
  const port = options.port ?? (await freePort());
  writeFileSync(`${folder}/host`, hostKey.privateKey, { mode: 0o600 });
  writeFileSync(`${folder}/authorized`, `${key.publicKey}\n`, { mode: 0o600 });
  const env = Object.entries(host.env).map(([name, value]) => `"${name}=${value}"`);
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized`,
    `PidFile ${folder}/pid`,
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    "PasswordAuthentication yes",
    "LogLevel DEBUG1",
    `SetEnv ${env.join(" ")}`,
  ];
  writeFileSync(`${folder}/config`, `${config.join("\n")}\n`);
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const child = spawn(program, ["-D", "-e", "-f", `${folder}/config`], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  for (let tries = 0; !log.includes("Server listening"); tries += 1) {
    if (tries > 100 || child.exitCode !== null) throw new Error(`sshd did not start: ${log}`);
    await sleep(20);
  }
  return {
    address: { host: "127.0.0.1", port, user: userInfo().username, hostKey: hostKey.publicKey.split(" ")[1]! }, // three words
    key,
    log: () => log,
    authorize: (publicKey) => appendFileSync(`${folder}/authorized`, `${publicKey}\n`),
    drop: () => {
      for (const pid of childrenOf(child)) process.kill(pid, "SIGKILL");
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      for (const pid of childrenOf(child)) process.kill(pid, "SIGKILL");
      child.kill("SIGKILL");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function childrenOf(child: ChildProcess): number[] {
  const listed = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  return listed === "" ? [] : listed.split(" ").map(Number);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }; // a TCP server's address is an object
      server.close(() => resolve(port));
    });
  });
}

/** A TCP relay in front of a port: it can fall silent, as a dead network does, and remembers what the client sent. */
export async function startRelay(
  port: number,
): Promise<{ port: number; sent: () => Buffer; silence(): void; close(): Promise<void> }> {
  const sent: Buffer[] = [];
  const open = new Set<{ destroy(): void }>();
  let silent = false;
  const server = createServer((client) => {
    const upstream = createConnection({ host: "127.0.0.1", port });
    for (const socket of [client, upstream]) open.add(socket.on("error", () => socket.destroy()));
    client.on("data", (chunk: Buffer) => {
      sent.push(chunk);
      if (!silent) upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!silent) client.write(chunk);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => {
      if (!silent) client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port, // a TCP server's address is an object
    sent: () => Buffer.concat(sent),
    silence: () => {
      silent = true;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
