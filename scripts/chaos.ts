import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DOCKER_MEGABYTES, faults } from "../test/chaos/faults.ts";
import { head, keep, leaseLine, row, seconds } from "../test/chaos/page.ts";
import { addLane, type Lane, type Outcome } from "../test/chaos/server-under-faults.ts";
import { startStage } from "../test/e2e/stage.ts";
import { available } from "../test/lab/lab.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "25" },
    lanes: { type: "string", default: "5" },
    only: { type: "string", multiple: true },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const usage = `Faults on real servers, real Docker and the real cloud in processes, at random instants of deploys (as root on Linux).

  npm run chaos                              every fault, 25 runs each; kept in docs/chaos.md
  npm run chaos -- --runs 2 --lanes 2        fewer runs, on two servers at a time
  npm run chaos -- --only worker --only line some of: ${faults.map(({ name }) => name).join(" ")}
  npm run chaos -- --only worker --keep      and kept in docs/chaos.md
`;

const say = (text: string) => process.stdout.write(`${text}\n`);
const bad = (outcomes: readonly Outcome[]) => outcomes.filter(({ wrong }) => wrong.length > 0);

async function chaos(): Promise<boolean> {
  const runs = Number(values.runs);
  const { only } = values;
  const servers = Math.min(Number(values.lanes), runs);
  const stage = await startStage({ servers, plan: "studio", dockerMegabytes: DOCKER_MEGABYTES, cloud: { workers: 2 } });
  const lanes: Lane[] = [];
  const rows: string[] = [];
  let passed = true;
  try {
    for (const [i, server] of stage.lab.servers.entries()) lanes.push(await addLane(stage, server, i + 1));
    say(`${lanes.length} servers; ${runs} runs of each fault`);
    for (const fault of faults.filter(({ name }) => only === undefined || only.includes(name))) {
      const outcomes: Outcome[] = [];
      const began = Date.now();
      while (outcomes.length < runs) {
        if (fault.alone) await sleep(Math.random() * 60_000);
        const some = await fault.run(stage, lanes.slice(0, fault.alone ? 1 : runs - outcomes.length));
        outcomes.push(...some);
        for (const { wrong, story } of bad(some)) {
          for (const each of wrong) say(`  ${fault.name}: ${each}`);
          if (story !== undefined) say(story.replaceAll(/^/gm, "    | "));
        }
      }
      const failed = bad(outcomes).length;
      passed &&= failed === 0;
      const told = { what: fault.what, outcomes };
      rows.push(row(told));
      const verdict = `${failed === 0 ? "ok" : "NO"}  ${fault.name}: ${outcomes.length} runs, ${failed} wrong`;
      say(`${verdict}, ${seconds(Date.now() - began)}\n    ${row(told)}`);
      const lease = leaseLine(outcomes);
      if (lease) say(`    ${lease} ${outcomes.map(({ attachedMs = 0 }) => seconds(attachedMs)).join(", ")}`);
      if (only === undefined || values.keep)
        keep(
          told,
          faults.map(({ what }) => what),
        );
    }
  } finally {
    for (const { relay } of lanes) await relay.close();
    await stage.close();
  }
  say(["", ...head, ...rows].join("\n"));
  return passed;
}

const why = available();
if (values.help) process.stdout.write(usage);
else if (why) {
  process.stderr.write(`Chaos needs servers of its own, which cannot run here: ${why}\n`);
  process.exitCode = 1;
} else process.exitCode = (await chaos()) ? 0 : 1;
