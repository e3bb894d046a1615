/** A folder that is built where it is deployed: by Berth, and by hand with rsync and Compose; and what serves meanwhile. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildCli } from "../../packages/cli/build.ts";
import { resultOf, type Stage, startStage } from "../e2e/stage.ts";
import { visit } from "../lab/client.ts";
import { installDeps } from "../lab/deps.ts";
import { pageImage } from "../lab/images.ts";
import type { Server } from "../lab/server.ts";
import { type Figure, ratio } from "./figure.ts";

const run = promisify(execFile);
const RUNS = 5;
const FILES = 400;
const PROBES = 200;

/** A web service that is built of some hundred files, beside one that is not. Both have a health check, since Berth watches what has none for 3 seconds. */
function write(folder: string, port: number, line: string, step = "true"): void {
  mkdirSync(join(folder, "web/src"), { recursive: true });
  const compose = `services:
  web:
    build: ./web
    ports: ["${port}:80"]
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/health"], interval: 1s, timeout: 20s }
  cache:
    image: redis:7
    stop_grace_period: 1s
    healthcheck: { test: ["CMD", "true"], interval: 1s }
`;
  writeFileSync(join(folder, "compose.yaml"), compose);
  writeFileSync(join(folder, "web/Dockerfile"), `FROM page:1\nCOPY src /src\nCOPY said.txt /www/index.html\nRUN ${step}\n`);
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, `web/src/${i}.ts`), `export const n = ${i};\n`.repeat(500));
  writeFileSync(join(folder, "web/said.txt"), `${line}\n`);
}

interface Hand {
  readonly server: Server;
  readonly ssh: readonly string[];
}

function handOf(stage: Stage, server: Server): Hand {
  const key = join(stage.folder, "hand-key");
  writeFileSync(key, server.privateKey, { mode: 0o600 });
  const options = [
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=no",
    `UserKnownHostsFile=${stage.folder}/hand-known`,
    "LogLevel=ERROR",
  ];
  return { server, ssh: ["-i", key, ...options.flatMap((each) => ["-o", each])] };
}

const timed = async (work: () => Promise<unknown>) => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

const byHand = ({ server, ssh }: Hand, folder: string, name: string) =>
  timed(async () => {
    const at = `${server.user}@${server.host}`;
    await run("rsync", ["-a", "--delete", "-e", ["ssh", ...ssh].join(" "), `${folder}/`, `${at}:/srv/${name}/`]);
    await run("ssh", [...ssh, at, `cd /srv/${name} && docker compose up -d --build --wait`]);
  });

const byBerth = (stage: Stage, folder: string, app: string) =>
  timed(async () => {
    const ran = await stage.berth.run(["deploy", "--app", app, "--yes", "--json"], { cwd: folder });
    if (resultOf(ran).status !== "succeeded") throw new Error(`the deploy of ${app}: ${ran.stdout}${ran.stderr}`);
  });

/** The 95th of a hundred answers, in milliseconds. */
async function p95(server: Server, port: number, going: () => boolean): Promise<number> {
  const times: number[] = [];
  while (times.length < PROBES || going()) times.push(await timed(() => visit(server, port)));
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? Number.NaN;
}

/** @throws when no lab can run here, or a deploy fails */
export async function building(say: (text: string) => void): Promise<Figure[]> {
  installDeps(["rsync"]);
  const built = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const stage = await startStage({ servers: 1, program: await buildCli(join(built, "berth.mjs")) });
  const server = stage.lab.servers[0]!; // one was asked for
  try {
    await stage.addTarget("near", server);
    await stage.lab.registry.push("library/page:1", pageImage("page"));
    await server.exec("docker pull -q page:1 && docker pull -q redis:7");
    const hand = handOf(stage, server);
    const times = {
      first: { ours: [] as number[], hand: [] as number[] },
      change: { ours: [] as number[], hand: [] as number[] },
    };
    const folderOf = (name: string) => join(stage.folder, name);
    for (let i = 0; i < RUNS; i++) {
      write(folderOf(`ours${i}`), 8100 + i, `ours ${i}`);
      write(folderOf(`hand${i}`), 8200 + i, `hand ${i}`);
      times.first.ours.push(await byBerth(stage, folderOf(`ours${i}`), `ours${i}`));
      times.first.hand.push(await byHand(hand, folderOf(`hand${i}`), `hand${i}`));
      write(folderOf(`ours${i}`), 8100 + i, `ours ${i} again`);
      write(folderOf(`hand${i}`), 8200 + i, `hand ${i} again`);
      times.change.ours.push(await byBerth(stage, folderOf(`ours${i}`), `ours${i}`));
      times.change.hand.push(await byHand(hand, folderOf(`hand${i}`), `hand${i}`));
      say(`build ${i + 1} of ${RUNS}`);
    }
    const quiet = await p95(server, 8100, () => false);
    write(folderOf("ours1"), 8101, "heavy", "sh -c 'i=0; while [ $i -lt 2000000 ]; do i=$((i+1)); done'");
    let going = true;
    const build = byBerth(stage, folderOf("ours1"), "ours1").finally(() => {
      going = false;
    });
    const [busy] = await Promise.all([p95(server, 8100, () => going), build]);
    const than = "`rsync` and `docker compose up --build` over ssh";
    return [
      ratio("first deploy of a folder that is built", 1.25, times.first.ours, times.first.hand, than),
      ratio("deploy of it after one changed line", 1.25, times.change.ours, times.change.hand, than),
      ratio("answers of what serves while a build runs, 95 of 100", 2, [busy], [quiet], "the same while nothing is built"),
    ];
  } finally {
    await stage.close();
    rmSync(built, { recursive: true });
  }
}
