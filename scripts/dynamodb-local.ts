import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * DynamoDB Local 1.25.1, the oracle of the differential test. Its licence lets us run it but not pass it on, so it is fetched
 * into the ignored cache, out of a package that carries it, and never becomes a dependency.
 */
const carrier = "amplify-dynamodb-simulator@2.9.30";
const integrity = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==";

const cache = join(import.meta.dirname, "..", ".cache");
const home = join(cache, "dynamodb-local-1.25.1");

/** A running DynamoDB Local on a free port. */
export interface DynamoDbLocal {
  readonly port: number;
  stop(): Promise<void>;
}

/** Fetch what is missing, and start an empty in-memory DynamoDB Local. It ends with this process. Takes about 3 s. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  fetchJava();
  fetchJar();
  const port = await freePort();
  const options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", "-Djava.library.path=./DynamoDBLocal_lib"];
  const words = [
    "java",
    ...options,
    "-jar",
    "DynamoDBLocal.jar",
    "-port",
    String(port),
    "-inMemory",
    "-sharedDb",
    "-disableTelemetry",
  ];
  // Standard input ends with this process, however it ends, and takes the server along.
  const script = '"$@" </dev/null >/dev/null 2>&1 & server=$!; cat >/dev/null; kill "$server"';
  const child = spawn("sh", ["-c", script, "sh", ...words], { cwd: home, stdio: ["pipe", "ignore", "ignore"] });
  await ready(port, child);
  return { port, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.stdin?.end();
  await ended;
}

async function ready(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`DynamoDB Local ended with ${child.exitCode} before it was ready`);
    if (await answers(port)) return;
    await sleep(100);
  }
  await stop(child);
  throw new Error("DynamoDB Local did not answer within a minute");
}

/** The server answers an unsigned request only after a long time, so the probe looks signed. */
export const signature = {
  authorization: "AWS4-HMAC-SHA256 Credential=local/20250101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20250101T000000Z",
  "content-type": "application/x-amz-json-1.0",
};

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { ...signature, "x-amz-target": "DynamoDB_20120810.ListTables" };
    const probe = request({ host: "127.0.0.1", port, method: "POST", headers, timeout: 2_000 }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode === 200));
    });
    probe.once("error", () => resolve(false));
    probe.once("timeout", () => probe.destroy());
    probe.end("{}");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function fetchJava(): void {
  if ((process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, "java")))) return;
  if (process.getuid?.() !== 0) throw new Error("DynamoDB Local needs Java 17: install openjdk-17-jre-headless");
  execFileSync("apt-get", ["install", "--yes", "--no-install-recommends", "openjdk-17-jre-headless"], { stdio: "inherit" });
}

function fetchJar(): void {
  if (existsSync(join(home, "DynamoDBLocal.jar"))) return;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "dynamodb-local-"));
  try {
    execFileSync("npm", ["pack", carrier, "--silent", "--pack-destination", folder], { stdio: ["ignore", "ignore", "inherit"] });
    const tarball = join(folder, readdirSync(folder)[0]!);
    const found = createHash("sha512").update(readFileSync(tarball)).digest("base64");
    if (found !== integrity) throw new Error(`${carrier} is not the package that was checked: sha512-${found}`);
    execFileSync("tar", ["-xzf", tarball, "-C", folder, "package/emulator"]);
    // Another process may have been quicker; a rename onto its folder fails, and then its folder is as good.
    if (!existsSync(home)) renameSync(join(folder, "package", "emulator"), home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const server = await startDynamoDbLocal();
  process.stdout.write(`DynamoDB Local answers on http://127.0.0.1:${server.port}\n`);
  process.once("SIGINT", () => server.stop());
  process.once("SIGTERM", () => server.stop());
}
