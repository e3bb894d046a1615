import { parseArgs } from "node:util";
import { bundleSimulation } from "../test/simulation/bundle.ts";
import { history } from "../test/simulation/history.ts";
import { mutants } from "../test/simulation/mutant.ts";
import { cores, firstBad, runSeeds } from "../test/simulation/pool.ts";
import { createChecker } from "../test/simulation/typecheck.ts";

const usage = `Seeded histories of the whole system under faults; every invariant is checked in each (docs/simulation.md).

  npm run simulate                                 20,000 seeds on all cores
  npm run simulate -- --seeds 1000 --from 5000000  1,000 seeds from another one on
  npm run simulate -- --seed 42                    one history as text, and what it broke
  npm run simulate -- --mutants                    plants one bug after the other; each must be found within 10,000 seeds
  npm run simulate -- --mutants --only lease       those with "lease" in their name; --upto and --skip are numbers of seeds and of bugs
  npm run simulate -- --threads 1                  one core
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    seeds: { type: "string", default: "20000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
    upto: { type: "string", default: "10000" },
    skip: { type: "string", default: "0" },
    only: { type: "string", default: "" },
    threads: { type: "string", default: String(cores) },
  },
});
const threads = Number(values.threads);
const say = (text: string) => void process.stdout.write(`${text}\n`);

if (values.help) process.stdout.write(usage);
else if (values.seed !== undefined) await replay(Number(values.seed));
else if (values.mutants) await hunt();
else await simulate(Number(values.seeds), Number(values.from));

/** One history, as text, and what it broke. */
async function replay(seed: number): Promise<void> {
  const told = await history(seed, { readable: true });
  for (const line of told.lines) say(line);
  say(`seed ${seed}: ${told.events} events, ${told.jobs} jobs, ${Math.round(told.seconds)} s simulated, hash ${told.hash}`);
  if (told.violations.length > 0) process.exitCode = 1;
  for (const { invariant, what } of told.violations) say(`VIOLATED ${invariant}: ${what}`);
}

async function simulate(count: number, from: number): Promise<void> {
  const began = performance.now();
  const bundle = await bundleSimulation("simulation");
  const seeds = Array.from({ length: count }, (_, i) => from + i);
  const report = await runSeeds(bundle, seeds, threads);
  const took = (performance.now() - began) / 1000;
  say(`${report.seeds} seeds from ${from} in ${took.toFixed(1)} s on ${threads} threads, ${report.calm} of them without a fault`);
  say(`${report.events} events, ${report.jobs} jobs, ${(report.seconds / 3600).toFixed(0)} hours simulated`);
  say("faults injected:");
  for (const [fault, times] of Object.entries(report.faults).sort((a, b) => b[1] - a[1]))
    say(`  ${String(times).padStart(8)}  ${fault}`);
  say(`${report.bad.length} violations`);
  for (const { seed, invariant, what } of report.bad.slice(0, 20))
    say(`  seed ${seed}: ${invariant}: ${what}\n    npm run simulate -- --seed ${seed}`);
  if (report.bad.length > 0) process.exitCode = 1;
}

/** Every mutant has to pass the type checker, and has to be found within 10,000 seeds. */
async function hunt(): Promise<void> {
  const seeds = Array.from({ length: Number(values.upto) }, (_, i) => 1 + i);
  const wanted = mutants.filter(({ name }) => name.includes(values.only)).slice(Number(values.skip));
  const checker = createChecker(`typed-${process.pid}`);
  const before = checker.errors();
  if (before.length > 0) throw new Error(`without a mutant the type checker says:\n${before.join("\n")}`);
  const rows: string[] = [];
  let survived = 0;
  const next = async (thread: number): Promise<void> => {
    for (let mutant = wanted.shift(); mutant; mutant = wanted.shift()) {
      const bundle = await bundleSimulation(`mutant-${process.pid}-${thread}`, mutant);
      const [error] = checker.rejects(mutant);
      const { bad } = error ? { bad: [] } : await firstBad(bundle, seeds, 3600);
      const [found] = bad;
      if (!found) survived++;
      const [seed, invariant] = found
        ? [String(found.seed), found.invariant]
        : ["**none**", error ? `**rejected: ${error}**` : "**survives**"];
      const row = `| ${mutant.name} | ${mutant.file.replace("packages/domain/src/", "")} | ${seed} | ${invariant} |`;
      rows.push(row);
      process.stderr.write(`${row}\n`);
    }
  };
  await Promise.all(Array.from({ length: threads }, (_, thread) => next(thread)));
  checker.remove();
  say("| mutant | file | seed | invariant |\n| --- | --- | --- | --- |");
  for (const row of rows.sort()) say(row);
  say(`\n${rows.length} mutants, of which ${survived} are not found`);
  if (survived > 0) process.exitCode = 1;
}
