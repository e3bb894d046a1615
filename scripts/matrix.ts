import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { engineName, engineNames, readyEngine } from "../test/lab/engine.ts";
import { available } from "../test/lab/lab.ts";

// `npm run matrix`: everything that runs on servers, and the demo, once on each Docker of the lab.

const { values, positionals } = parseArgs({
  options: {
    engine: { type: "string", multiple: true, default: [...engineNames] },
    compose: { type: "string", default: process.env.BERTH_LAB_COMPOSE ?? "" },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const usage = `The tests on servers, and the demo, on every Docker that the lab has (as root on Linux).

  npm run matrix                                     all of it, an hour or more
  npm run matrix -- --engine newest                  one of: ${engineNames.join(", ")}
  npm run matrix -- --engine newest test/e2e demo    some folders or files of tests; demo is the demo
  npm run matrix -- --compose FILE                   with this Docker Compose on the servers instead of the engine's own
`;

const say = (text: string) => process.stdout.write(`${text}\n`);
const node = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...env } }).status === 0;

async function matrix(): Promise<boolean> {
  const parts = positionals.length > 0 ? positionals : ["test/lab", "test/remote", "test/e2e", "test/chaos", "demo"];
  const tests = parts.filter((part) => part !== "demo");
  const rows: { engine: string; part: string; passed: boolean }[] = [];
  for (const engine of values.engine.map(engineName)) {
    const { compose } = await readyEngine(engine, values.compose);
    const env = { BERTH_LAB_ENGINE: engine, BERTH_LAB_COMPOSE: compose?.file ?? "" };
    say(`\n${engine}${compose ? `, Docker Compose ${compose.version}` : ""}`);
    if (tests.length > 0) {
      const passed = node(["node_modules/vitest/vitest.mjs", "run", "--exclude=test/lab/matrix.test.ts", ...tests], env);
      rows.push({ engine, part: tests.join(" "), passed });
    }
    if (parts.includes("demo")) rows.push({ engine, part: "demo", passed: node(["scripts/demo.ts"], env) });
  }
  say("");
  for (const { engine, part, passed } of rows) say(`${passed ? "ok" : "NO"}  ${engine}: ${part}`);
  return rows.every(({ passed }) => passed);
}

const why = available();
if (values.help) process.stdout.write(usage);
else if (why) {
  process.stderr.write(`The matrix needs servers of its own, which cannot run here: ${why}\n`);
  process.exitCode = 1;
} else
  process.exitCode = await matrix().then(
    (passed) => (passed ? 0 : 1),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    },
  );
