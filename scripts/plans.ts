import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { engineName, engineNames } from "../test/lab/engine.ts";
import { available, startLab } from "../test/lab/lab.ts";
import { pairs } from "../test/lab/pairs.ts";
import { comparePair, pushPages } from "../test/lab/planned.ts";

// `npm run plans`: whether real servers do what is planned, for as many generated pairs of releases as one likes.

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    engine: { type: "string", default: "machine" },
    help: { type: "boolean", default: false },
  },
});

const usage = `Plans against what Docker's event log shows, on a server of the lab (as root on Linux).

  npm run plans                        200 pairs of releases, some 20 minutes
  npm run plans -- --runs 20 --seed 5  fewer, and others
  npm run plans -- --engine newest     on one of: ${engineNames.join(", ")}
`;

const say = (text: string) => process.stdout.write(`${text}\n`);

async function plans(): Promise<boolean> {
  const count = { same: 0, refused: 0, different: 0 };
  const lab = await startLab({ servers: 1, engine: engineName(values.engine) });
  try {
    await pushPages(lab);
    for (const [index, pair] of fc.sample(pairs, { numRuns: Number(values.runs), seed: Number(values.seed) }).entries()) {
      const found = await comparePair(lab.servers[0]!, pair).catch((error: unknown) => error as Error); // one was asked for
      if (!found || found instanceof Error) {
        count.refused += 1;
        say(`${index}: refused${found ? `: ${found.message.slice(-600)}\n${JSON.stringify(pair)}` : ""}`);
      } else if (found.planned.join() === found.happened.join() && found.disorder.length === 0) count.same += 1;
      else {
        count.different += 1;
        say(
          `${index}: ${JSON.stringify(pair, null, 1)}\nplanned  ${found.planned.join("; ")}\nhappened ${found.happened.join("; ")}\n${found.disorder.join("\n")}`,
        );
      }
    }
  } finally {
    await lab.close();
  }
  say(`${count.same} as planned, ${count.different} not, ${count.refused} refused by Compose or Docker`);
  return count.different === 0 && count.same > 0;
}

const why = available();
if (values.help) process.stdout.write(usage);
else if (why) {
  process.stderr.write(`Plans are compared on servers of the lab, which cannot run here: ${why}\n`);
  process.exitCode = 1;
} else process.exitCode = (await plans()) ? 0 : 1;
