import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { building } from "../test/bench/building.ts";
import { moving } from "../test/bench/deploy.ts";
import { type Figure, line, markdown } from "../test/bench/figure.ts";
import { followedMinutes } from "../test/bench/following.ts";
import { besideHostile, worstRequests } from "../test/bench/hostile.ts";
import { throughBadNetwork } from "../test/bench/network.ts";
import { bundles, cliStart, door, idleHour, simulation } from "../test/bench/static.ts";
import { available } from "../test/lab/lab.ts";

// `npm run bench`: the budgets, measured here and now, and written to docs/benchmarks.md. A budget that is missed is told, not an error.

const page = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));
const simulate = fileURLToPath(new URL("./simulate.ts", import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);

const figures: Figure[] = [];
const tell = (...more: readonly Figure[]) => {
  figures.push(...more);
  for (const each of more) say(line(each));
};

tell(...(await bundles()));
tell(await cliStart());
tell(...(await idleHour()));
tell(await door());
tell(...(await followedMinutes()));
tell(await throughBadNetwork());
tell(...worstRequests());
tell(...(await besideHostile()));
if (existsSync(simulate)) tell(simulation(simulate));
const why = available();
if (why) say(`What needs a server is left out: ${why}`);
else {
  const progress = (text: string) => process.stderr.write(`  ${text}\n`);
  tell(...(await moving(progress)));
  tell(...(await building(progress)));
}

const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "unknown"}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Node ${process.versions.node}`;
const begin = "<!-- measured -->";
const [before = ""] = (existsSync(page) ? readFileSync(page, "utf8") : "# Benchmarks\n\n").split(begin);
const part = `${begin}\nMeasured ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC on ${machine}.\n\n${markdown(figures)}\n`;
if (!why) writeFileSync(page, `${before}${part}`);
say(why ? "docs/benchmarks.md stays as it is" : "written to docs/benchmarks.md");
