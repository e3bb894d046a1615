import { parseArgs } from "node:util";
import { copyTree } from "../test/mutants/copy.ts";
import { type Mutant, testOf } from "../test/mutants/mutant.ts";
import { type Outcome, runTests } from "../test/mutants/run.ts";
import { mutants } from "../test/mutants/table.ts";

const HELP = `Plants one bug after the other in a copy of the tree and runs the tests that must catch it.

  npm run mutants                    all of them
  npm run mutants -- --only TEXT     those with TEXT in their name or file; may be repeated
  npm run mutants -- --list          their names, files and tests
  npm run mutants -- --threads 1     one at a time instead of two
  npm run mutants -- --trust         without the first run, which shows that the tests pass where no bug is planted

The simulation's own mutants: npm run simulate -- --mutants
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [""] },
    list: { type: "boolean", default: false },
    trust: { type: "boolean", default: false },
    threads: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});
const nothing: Outcome = { failed: [], broken: undefined };
const say = (text: string) => void process.stdout.write(`${text}\n`);
const wanted = mutants.filter(({ name, file }) => values.only.some((text) => name.includes(text) || file.includes(text)));

if (values.help) say(HELP);
else if (wanted.length === 0) fail(`no mutant has "${values.only.join('" or "')}" in its name or file`);
else if (values.list) for (const { name, file, tests } of wanted) say(`${name}\n  ${file}, caught by ${tests.join(", ")}`);
else await hunt();

function fail(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

async function hunt(): Promise<void> {
  const began = performance.now();
  const copies = Array.from({ length: Number(values.threads) }, copyTree);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      for (const copy of copies) copy.remove();
      process.exit(130);
    });
  try {
    const [first] = copies;
    if (!first) throw new Error("--threads has to be 1 or more");
    const tests = [...new Set(wanted.flatMap((mutant) => mutant.tests.map((each) => testOf(each).file)))].sort();
    const { failed, broken } = values.trust ? nothing : await runTests(first.folder, tests, { bail: false });
    if (failed.length > 0 || broken) return fail(`without a mutant these fail already:\n${[...failed, broken ?? ""].join("\n")}`);
    const rows: { row: string; lived: boolean }[] = [];
    const queue = [...wanted];
    await Promise.all(
      copies.map(async (copy) => {
        for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
          const { tests } = mutant;
          const { failed, broken } = await copy.with([mutant], () => runTests(copy.folder, tests, { bail: true }));
          const [found] = failed;
          rows.push({ row: rowOf(mutant, found ?? (broken ? `**does not run: ${broken}**` : "**lives**")), lived: !found });
          process.stderr.write(`${rows.length} of ${wanted.length}: ${found ? "caught" : "LIVES "} ${mutant.name}\n`);
        }
      }),
    );
    say("| bug | file | caught by |\n| --- | --- | --- |");
    for (const { row } of rows.sort((a, b) => (a.row < b.row ? -1 : 1))) say(row);
    const lived = rows.filter((each) => each.lived).length;
    say(`\n${((performance.now() - began) / 1000).toFixed(0)} s on ${copies.length} threads`);
    say(`${rows.length - lived} caught, ${lived} lived`);
    if (lived > 0) process.exitCode = 1;
  } finally {
    for (const copy of copies) copy.remove();
  }
}

function rowOf({ name, file }: Mutant, by: string): string {
  return `| ${name} | ${file.replace("packages/", "")} | ${by.replaceAll("|", "\\|")} |`;
}
