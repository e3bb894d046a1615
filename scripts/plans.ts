import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { engineName, engineNames } from "../test/lab/engine.ts";
import { available, startLab } from "../test/lab/lab.ts";
import { pairs } from "../test/lab/pairs.ts";
import { comparePair, pushPages } from "../test/lab/planned.ts";

// `npm run plans`: whether real servers do what is planned, for as many generated pairs of releases as one likes.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    engine: { type: "string", default: "machine" },
    kept: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const usage = `Plans against what runs record and what Docker's event log shows, on a server of the lab (as root on Linux).

  npm run plans                      200 pairs of releases, some half an hour
  npm run plans -- 20 --seed 5       fewer, and others
  npm run plans -- --engine newest   on one of: ${engineNames.join(", ")}
  npm run plans -- --kept FILE       keeps each result there, and goes on after the last one that is there already
`;

const say = (text: string) => process.stdout.write(`${text}\n`);

type Result = "same" | "different" | "refused";

/** Those of an earlier time, in their order. */
const earlier = (): Result[] =>
  values.kept && existsSync(values.kept) ? (readFileSync(values.kept, "utf8").split("\n").filter(Boolean) as Result[]) : [];

async function plans(): Promise<boolean> {
  const results = earlier();
  const all = fc.sample(pairs, { numRuns: Number(positionals[0] ?? 200), seed: Number(values.seed) });
  const lab = await startLab({ servers: 1, engine: engineName(values.engine) });
  try {
    await pushPages(lab);
    for (const [index, pair] of all.entries()) {
      if (index < results.length) continue;
      const found = await comparePair(lab.servers[0]!, pair).catch((error: unknown) => error as Error); // one was asked for
      let result: Result = "refused";
      if (found instanceof Error) say(`${index}: refused: ${found.message.slice(-300).replaceAll("\n", " ")}`);
      else if (found) {
        const isSame = found.planned.join() === found.happened.join() && found.disorder.length === 0;
        result = isSame ? "same" : "different";
        if (!isSame) say(`${index}: ${JSON.stringify({ ...found, pair })}`);
      }
      results.push(result);
      if (values.kept) appendFileSync(values.kept, `${result}\n`);
    }
  } finally {
    await lab.close();
  }
  const count = (wanted: Result) => results.filter((result) => result === wanted).length;
  say(`${count("same")} as planned, ${count("different")} not, ${count("refused")} refused by Compose, Docker or the runner`);
  return count("different") === 0 && count("same") > 0;
}

const why = available();
if (values.help) process.stdout.write(usage);
else if (why) {
  process.stderr.write(`Plans are compared on servers of the lab, which cannot run here: ${why}\n`);
  process.exitCode = 1;
} else process.exitCode = (await plans()) ? 0 : 1;
