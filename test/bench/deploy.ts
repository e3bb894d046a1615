/** What is measured on a server of the lab: one deploy, its cost, its latency, its whole time. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "ssh2";
import { type Stage, startStage } from "../e2e/stage.ts";
import type { Server } from "../lab/server.ts";
import { type Cost, costOf } from "./cost.ts";
import { composeOf, type Deployed, deployOnce } from "./deploying.ts";
import { amount, type Figure, ratio } from "./figure.ts";
import { startRelay } from "./relay.ts";
import { stepsOnScreen } from "./screen.ts";

/** Connects, runs the least there is, and answers when its first byte was here. */
function bareExec(at: { host: string; port: number }, { user, privateKey }: Server): Promise<number> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("error", reject);
    client.once("ready", () =>
      client.exec("echo", (error, channel) => {
        if (error) return reject(error);
        channel.once("data", () => {
          resolve(performance.now() - from);
          client.end();
        });
      }),
    );
    client.connect({ host: at.host, port: at.port, username: user, privateKey, authHandler: ["publickey"] });
    // As our own connection does: without it a bare exec is a tenth of a second slower, and we would be measured against that.
    client.setNoDelay(true);
  });
}

/** `docker compose up -d --wait` typed over OpenSSH, the file being there already. */
async function byHand(server: Server, folder: string, mark: string): Promise<number> {
  await server.exec(`mkdir -p /srv/hand && cat >/srv/hand/compose.yaml <<'EOF'\n${composeOf(mark)}EOF`);
  const key = join(folder, "hand-key");
  writeFileSync(key, server.privateKey, { mode: 0o600 });
  const options = [
    "-i",
    key,
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    `UserKnownHostsFile=${folder}/hand-known`,
  ];
  const from = performance.now();
  const args = [
    ...options,
    "-o",
    "LogLevel=ERROR",
    `${server.user}@${server.host}`,
    "cd /srv/hand && docker compose up -d --wait",
  ];
  await promisify(execFile)("ssh", args);
  return performance.now() - from;
}

const RUNS = 7;
const ROUND_TRIP_MS = 50;

/** @throws when no lab can run here, or a deploy fails */
export async function moving(say: (text: string) => void): Promise<Figure[]> {
  const stage = await startStage({ servers: 2 });
  const [near, far] = stage.lab.servers;
  if (!near || !far) throw new Error("the lab has no two servers");
  const relay = await startRelay(far, ROUND_TRIP_MS);
  try {
    await stage.addTarget("near", near);
    await stage.addTarget("far", far, relay);
    for (const app of ["near", "far"]) {
      await stage.customer.api("POST", "/apps", { name: app });
      await good(stage, app, "warm", [app]);
    }
    await byHand(near, stage.folder, "warm");
    say("the servers are warm");
    const costs: Cost[] = [];
    const first = { near: [] as number[], far: [] as number[], bareNear: [] as number[], bareFar: [] as number[] };
    const whole = { ours: [] as number[], hand: [] as number[] };
    const idle = { ours: [] as number[], hand: [] as number[] };
    for (let run = 0; run < RUNS; run++) {
      const here = isGood("near", await costOf(stage, near, "near", `near${run}`));
      costs.push(here);
      first.near.push(here.firstEventMs);
      whole.ours.push(here.wholeMs);
      first.bareNear.push(await bareExec(near, near));
      whole.hand.push(await byHand(near, stage.folder, `hand${run}`));
      idle.ours.push((await deployOnce(stage, "near", `near${run}`, undefined, `again${run}`)).wholeMs);
      idle.hand.push(await byHand(near, stage.folder, `hand${run}`));
      first.far.push((await good(stage, "far", `far${run}`)).firstEventMs);
      first.bareFar.push(await bareExec(relay, far));
      say(`run ${run + 1} of ${RUNS}`);
    }
    const of = (what: "connections" | "execs" | "write" | "read" | "queue") => costs.map((each) => each[what]);
    const screen = await stepsOnScreen(stage, "near", RUNS);
    return [
      amount("connections for a deploy to one target", 1, of("connections"), "connection"),
      amount("commands for a deploy to one target", 1, of("execs"), "exec"),
      ratio("accepted to the server's first event, link without delay", 1.5, first.near, first.bareNear, "a bare ssh2 exec"),
      ratio(
        `accepted to the server's first event, ${ROUND_TRIP_MS} ms round trip`,
        1.5,
        first.far,
        first.bareFar,
        "a bare ssh2 exec",
      ),
      screen,
      ratio("whole deploy of a pulled image, healthy", 1.25, whole.ours, whole.hand, "`docker compose up -d --wait` over ssh"),
      ratio("whole deploy with nothing to change", 2.5, idle.ours, idle.hand, "`docker compose up -d --wait` with nothing to do"),
      amount("table writes of a deploy to one target", 30, of("write"), "units"),
      amount("table reads of a deploy to one target", 12, of("read"), "units"),
      amount("queue calls of a deploy to one target", 4, of("queue"), "calls"),
    ];
  } finally {
    await relay.close();
    await stage.close();
  }
}

const good = async (stage: Stage, app: string, mark: string, targets?: readonly string[]) =>
  isGood(app, await deployOnce(stage, app, mark, targets));

function isGood<T extends Deployed>(app: string, done: T): T {
  if (done.status !== "succeeded") throw new Error(`the deploy of ${app} ${done.status}`);
  return done;
}
