/** A lane is one server with one app on it, on which one fault after the other happens to deploys that are under way. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { composeFile, visit, watchGaps } from "../../scripts/demo/app.ts";
import type { Ran } from "../../scripts/demo/berth.ts";
import { type Relay, startRelay } from "../bench/relay.ts";
import { jsonLines, resultOf, type Stage } from "../e2e/stage.ts";
import { created } from "../lab/client.ts";
import type { Server } from "../lab/server.ts";

export interface Lane {
  readonly name: string;
  readonly server: Server;
  readonly relay: Relay;
  readonly target: string;
  readonly app: string;
  /** The release that is to answer, by its mark. */
  live: string;
}

/** What one run of a fault came to. Nothing in `wrong` is a pass. */
export interface Outcome {
  readonly wrong: readonly string[];
  readonly status: string;
  readonly failure?: string;
  /** The longest time the app gave no answer. */
  readonly gapMs: number;
  /** From the fault until the job had ended. */
  readonly settledMs: number;
  /** From a worker's death until the next one was attached. */
  readonly attachedMs?: number;
  /** Where something is wrong: the job and what its runs wrote down on the server. */
  readonly story?: string;
}

/** How a fault may be judged otherwise than by a deploy that succeeds, once. */
export interface Judging {
  /** The job must fail with this class, and nothing may have been started. */
  readonly fails?: string;
  /** Of the web service, if not the usual one. */
  readonly image?: string;
  /** Seconds before the release listens. */
  readonly delay?: number;
}

const usualImage = "busybox:1.36";

export async function addLane(stage: Stage, server: Server, number: number): Promise<Lane> {
  const name = `lane${number}`;
  const relay = await startRelay(server);
  const target = await stage.addTarget(name, server, relay);
  const lane: Lane = { name, server, relay, target, app: `shop${number}`, live: "" };
  const first = await deploy(stage, lane, "first");
  if (first.code !== 0) throw new Error(`the first deploy of ${name} failed: ${first.stdout}${first.stderr}`);
  lane.live = "first";
  return lane;
}

type Options = { onLine?: (line: string) => void; image?: string | undefined; delay?: number | undefined };

function deploy(stage: Stage, lane: Lane, mark: string, { onLine, image = usualImage, delay = 2 }: Options = {}): Promise<Ran> {
  const folder = join(stage.folder, lane.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "compose.yaml"), composeFile(mark, true, { delay }).replace(usualImage, image));
  const args = ["deploy", "--app", lane.app, "--yes", "--target", lane.name, "--json"];
  return stage.berth.run(args, { cwd: folder, ...(onLine && { onLine }) });
}

let marks = 0;

/**
 * Deploys a release, lets the fault happen somewhere in it and judges: the job ends, Docker has made no container twice, one release
 * answers and it is the one the table says is live. `strike` ends when the fault is over.
 */
export async function struck(
  stage: Stage,
  lane: Lane,
  strike: (begun: Promise<void>) => Promise<void>,
  judging: Judging = {},
): Promise<Outcome> {
  const mark = `r${++marks}`;
  const before = lane.live;
  const since = (await lane.server.exec("date +%s.%N")).trim();
  const gaps = watchGaps(lane.server.host, 100);
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const wrong: string[] = [];
  const onLine = (line: string) => (/"type":"accepted"/.test(line) ? begin() : undefined);
  const running = deploy(stage, lane, mark, { onLine, image: judging.image, delay: judging.delay });
  void running.finally(begin);
  let struckAt = performance.now();
  const striking = begun.then(async () => {
    await strike(Promise.resolve());
    struckAt = performance.now();
  });
  const [ran] = await Promise.all([running, striking]);
  const settledMs = performance.now() - struckAt;
  let job = resultOf(ran)?.job ?? jsonLines(ran.stdout).find((line) => line.job)?.job;
  if (job) job = await stage.berth.json(["jobs", "show", job.id]);
  else wrong.push(`no job: exit ${ran.code} ${(ran.stdout + ran.stderr).slice(-300)}`);
  const status: string = job?.status ?? "none";
  if (!["succeeded", "failed", "canceled"].includes(status))
    wrong.push(`the job is ${status}, and the command line left: ${ran.code} ${(ran.stdout + ran.stderr).slice(-400)}`);
  const expected = judging.fails ? "failed" : "succeeded";
  if (status !== expected)
    wrong.push(`the job is ${status} and not ${expected}: ${job?.failure?.class} ${job?.failure?.message}`);
  if (judging.fails && job?.failure?.class !== judging.fails) wrong.push(`it failed as ${job?.failure?.class}`);
  if (status === "succeeded") lane.live = mark;
  const made = await created(lane.server, since);
  const most = status === "succeeded" ? 1 : 0;
  if ((made.web ?? 0) > most) wrong.push(`web was made ${made.web} times`);
  if (status === "succeeded" && (made.web ?? 0) < 1) wrong.push("web was not made");
  if ((made.redis ?? 0) > 0) wrong.push(`redis was made ${made.redis} times`);
  await answering(lane, wrong);
  if (status !== "succeeded" && lane.live !== before) wrong.push("a failed release serves");
  wrong.push(...(await agreed(stage, lane, job?.release, status)));
  const { longest } = await gaps();
  const story = wrong.length > 0 && job ? await storyOf(lane, job) : undefined;
  return {
    wrong,
    status,
    ...(job?.failure && { failure: job.failure.class }),
    gapMs: longest,
    settledMs,
    ...(story !== undefined && { story }),
  };
}

async function storyOf(lane: Lane, job: { id: string }): Promise<string> {
  const files = `cd /var/lib/berth/runs && tail -n 60 ${job.id}*/events ${job.id}*/exit ${job.id}*/trace 2>&1; tail -n 5 /var/log/dockerd.log`;
  return `${JSON.stringify(job)}\n${await lane.server.exec(`${files}; true`)}`;
}

async function answering(lane: Lane, wrong: string[]): Promise<void> {
  for (let tries = 0; ; tries++) {
    const found = await visit(lane.server.host).catch((error: Error) => error);
    if (!(found instanceof Error)) {
      if (found.release !== lane.live) wrong.push(`${found.release} answers and not ${lane.live}`);
      return;
    }
    if (tries === 20) return void wrong.push(`nothing answers: ${found.message}`);
    await sleep(250);
  }
}

/** What the table says is live is what the server has recorded. */
async function agreed(stage: Stage, lane: Lane, release: number | undefined, status: string): Promise<string[]> {
  const app = await stage.berth.json(["app", "status", lane.app]);
  const targets = app.environments?.[0]?.targets ?? [];
  const table = targets.find(({ id }: { id: string }) => id === lane.target)?.release;
  const current = (await lane.server.exec(`readlink /var/lib/berth/state/${lane.app}-production/current`)).trim();
  const wrong = current === `releases/${table}` ? [] : [`the table says release ${table}, the server ${current}`];
  return status === "succeeded" && table !== release ? [...wrong, `release ${release} succeeded and ${table} is live`] : wrong;
}
