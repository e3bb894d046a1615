import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { spread } from "../test/bench/figure.ts";
import { DOCKER_MEGABYTES, faults, reattach } from "../test/chaos/faults.ts";
import { addLane, type Lane, type Outcome } from "../test/chaos/lane.ts";
import { startStage } from "../test/e2e/stage.ts";
import { available } from "../test/lab/lab.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "25" },
    lanes: { type: "string", default: "5" },
    only: { type: "string", multiple: true },
    help: { type: "boolean", default: false },
  },
});

const usage = `Faults on real servers, real Docker and the real cloud in processes, at random instants of deploys (as root on Linux).

  npm run chaos                              every fault, 25 runs each
  npm run chaos -- --runs 2 --lanes 2        fewer runs, on two servers at a time
  npm run chaos -- --only worker --only line some of: ${[...faults.map(({ name }) => name), "lease"].join(" ")}
`;

interface Told {
  readonly name: string;
  readonly what: string;
  readonly outcomes: readonly Outcome[];
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
const say = (text: string) => process.stdout.write(`${text}\n`);

const count = (outcomes: readonly Outcome[], pattern: RegExp) =>
  outcomes.filter(({ wrong }) => wrong.some((each) => pattern.test(each))).length;

function row({ what, outcomes }: Told): string {
  const doubled = count(outcomes, /times/);
  const lost = outcomes.filter(({ wrong }) => wrong.length > 0).length - doubled;
  const settled = spread(outcomes.map(({ settledMs }) => settledMs));
  const gap = Math.max(...outcomes.map(({ gapMs }) => gapMs));
  return `| ${what} | ${outcomes.length} | ${lost} | ${doubled} | ${seconds(gap)} | ${seconds(settled.median)} | ${seconds(settled.most)} |`;
}

async function chaos(): Promise<boolean> {
  const runs = Number(values.runs);
  const chosen = (name: string) => values.only === undefined || values.only.includes(name);
  const stage = await startStage({
    servers: Math.min(Number(values.lanes), runs),
    plan: "studio",
    dockerMegabytes: DOCKER_MEGABYTES,
    cloud: { workers: 2 },
  });
  const lanes: Lane[] = [];
  const all: Told[] = [];
  const leases: number[] = [];
  try {
    for (const [i, server] of stage.lab.servers.entries()) lanes.push(await addLane(stage, server, i + 1));
    say(`${lanes.length} servers; ${runs} runs of each fault`);
    for (const fault of faults.filter(({ name }) => chosen(name))) {
      const outcomes: Outcome[] = [];
      const began = Date.now();
      while (outcomes.length < runs) {
        const some = lanes.slice(0, runs - outcomes.length);
        outcomes.push(...(await fault.run(stage, some)));
        for (const { wrong, story } of outcomes.slice(-some.length)) {
          for (const each of wrong) say(`  ${fault.name}: ${each}`);
          if (story !== undefined) say(story.replaceAll(/^/gm, "    | "));
        }
      }
      all.push({ name: fault.name, what: fault.what, outcomes });
      const failed = outcomes.filter(({ wrong }) => wrong.length > 0).length;
      say(
        `${failed === 0 ? "ok" : "NO"}  ${fault.name}: ${outcomes.length} runs, ${failed} wrong, ${seconds(Date.now() - began)}`,
      );
      say(`    ${row({ name: fault.name, what: fault.what, outcomes })}`);
    }
    if (chosen("lease")) {
      const outcomes: Outcome[] = [];
      while (outcomes.length < runs) {
        // One kill ends every worker, so lanes that measure at once would measure each other's.
        const [lane] = lanes;
        if (!lane) throw new Error("there is no lane");
        const { milliseconds, outcome } = await reattach(stage, lane);
        leases.push(milliseconds);
        outcomes.push(outcome);
        for (const each of outcome.wrong) say(`  lease: ${each}`);
      }
      all.push({ name: "lease", what: "a worker is killed once its command runs", outcomes });
      const { median, most } = spread(leases);
      say(`lease: killed to attached again, median ${seconds(median)}, worst ${seconds(most)} of ${leases.length}`);
    }
  } finally {
    for (const { relay } of lanes) await relay.close();
    await stage.close();
  }
  const passed = all.every(({ outcomes }) => outcomes.every(({ wrong }) => wrong.length === 0));
  const table = [
    "| fault | runs | lost | doubled | longest without an answer | fault over to job ended, median | worst |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...all.map(row),
  ].join("\n");
  say(`\n${table}`);
  if (values.only === undefined) {
    const page = fileURLToPath(new URL("../docs/chaos.md", import.meta.url));
    const begin = "<!-- measured -->";
    const [before = ""] = readFileSync(page, "utf8").split(begin);
    const { median, most } = spread(leases);
    const lease = `A worker killed until the next one was attached: median ${seconds(median)}, worst ${seconds(most)} of ${leases.length}.`;
    const when = new Date().toISOString().slice(0, 16).replace("T", " ");
    writeFileSync(
      page,
      `${before}${begin}\nMeasured ${when} UTC, ${stage.lab.servers.length} servers at a time.\n\n${table}\n\n${lease}\n`,
    );
    say("written to docs/chaos.md");
  }
  return passed;
}

const why = available();
if (values.help) process.stdout.write(usage);
else if (why) {
  process.stderr.write(`Chaos needs servers of its own, which cannot run here: ${why}\n`);
  process.exitCode = 1;
} else process.exitCode = (await chaos()) ? 0 : 1;
