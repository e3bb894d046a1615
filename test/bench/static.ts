/** What can be measured without a server: bundles, the command line's start, an idle hour, the engine's door. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { TABLE } from "@berth/local/cloud/table.ts";
import { loadMilliseconds, measureBundle } from "../../scripts/bundle.ts";
import { synthesize } from "../infra/synth.ts";
import { testWorld } from "../support/world.ts";
import { amount, type Figure, ratio, spread, told } from "./figure.ts";
import { idleDay, schedulesOf } from "./idle.ts";

const timed = (args: readonly string[]): number => {
  const from = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} exited ${status}: ${stderr}`);
  return performance.now() - from;
};

/** Sizes as they are deployed, and how long a fresh process takes to load the API's. */
export async function bundles(): Promise<Figure[]> {
  const below = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    const api = await measureBundle("api/handler", below);
    const webhook = await measureBundle("webhooks/stripe", below);
    const load = Array.from({ length: 5 }, () => loadMilliseconds(api.folder, 1));
    const empty = Array.from({ length: 5 }, () => timed(["-e", "0"]));
    const { median } = spread(load);
    const kilobytes = (bytes: number) => [bytes / 1000];
    return [
      amount("API function, what a start reads", 450, kilobytes(api.startBytes), "KB"),
      {
        what: "API function, load",
        budget: "≤ 60 ms",
        measured: `${told(spread(load), "ms")}, ${(median / spread(empty).median).toFixed(2)} × a whole \`node -e 0\` (${told(spread(empty), "ms")})`,
        met: median <= 60,
      },
      amount("webhook ingress, what a start reads", 350, kilobytes(webhook.startBytes), "KB"),
    ];
  } finally {
    rmSync(below, { recursive: true });
  }
}

/** `berth --version` as it is shipped, in turn with an empty program. */
export async function cliStart(): Promise<Figure> {
  const { buildCli } = await import("../../packages/cli/build.ts");
  const folder = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    const program = await buildCli(join(folder, "berth.mjs"));
    const [ours, empty]: [number[], number[]] = [[], []];
    for (let i = 0; i < 11; i++) {
      empty.push(timed(["-e", "0"]));
      ours.push(timed([program, "--version"]));
    }
    return ratio("`berth --version`", 1.5, ours.slice(1), empty.slice(1), "`node -e 0`");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An hour in which nobody does anything at 100,000 tenants, of whom 40,000 pay: the mean of a day, its worst hour, and what of it grows. */
export async function idleHour(): Promise<Figure[]> {
  const payers = 40_000;
  const { hours, schedules } = await idleDay(schedulesOf(synthesize()), { tenants: 100_000, paying: payers });
  const reads = hours.map(({ read }) => read);
  const writes = hours.map(({ write }) => write);
  const mean = (units: readonly number[]) => units.reduce((sum, each) => sum + each, 0) / units.length;
  const part = (...names: readonly string[]) =>
    (["read", "write"] as const).map((kind) =>
      Math.round(
        names.reduce((sum, name) => sum + (schedules.get(`functions/billing/reconcile.handler.ts, ${name}`)?.[kind] ?? 0), 0),
      ),
    );
  const [nightRead, nightWrite] = part("full", "continue");
  const [lookRead, lookWrite] = part("undelivered", "delinquent");
  return [
    {
      ...amount("an idle hour at 100,000 tenants, mean of a day", 10_000, [mean(reads)], "read units"),
      note: `every schedule of the stacks, as often as it says, for a day; 40,000 of the tenants pay, and nobody does anything. None of it grows with the tenants; what grows, grows with those who pay. What Stripe sends of itself, such as renewals, is not idle and not counted.`,
    },
    amount("an idle hour at 100,000 tenants, the worst of a day", 10_000, [Math.max(...reads)], "read units"),
    {
      what: "of that the nightly comparison of 40,000 accounts with Stripe",
      budget: "-",
      measured: `${nightRead} read units and ${nightWrite} write units a night`,
      met: undefined,
    },
    {
      what: "of that the weekly look at each of 40,000 accounts",
      budget: "-",
      measured: `${lookRead} read units and ${lookWrite} write units a day, its finding nothing included`,
      met: undefined,
    },
    {
      what: "an idle hour at 100,000 tenants, written",
      budget: "-",
      measured: `${mean(writes).toFixed(0)} write units, mean of a day; ${Math.max(...writes).toFixed(0)} in the worst hour`,
      met: undefined,
    },
  ];
}

/** Commands a second through the door that the simulation uses: half writes with a condition, half reads by a query's worth of Get. */
export async function door(): Promise<Figure> {
  const test = testWorld();
  try {
    const { client } = test.world.table;
    const rates: number[] = [];
    for (let run = 0; run < 5; run++) {
      const from = performance.now();
      for (let i = 0; i < 2500; i++) {
        const Key = { pk: `TENANT#${run}`, sk: `ROW#${i % 100}` };
        await client.send(new PutCommand({ TableName: TABLE, Item: { ...Key, version: i, text: "x".repeat(200) } }));
        await client.send(
          new UpdateCommand({
            TableName: TABLE,
            Key,
            UpdateExpression: "SET version = version + :one",
            ConditionExpression: "version = :seen",
            ExpressionAttributeValues: { ":one": 1, ":seen": i },
          }),
        );
      }
      rates.push(5000 / ((performance.now() - from) / 1000));
    }
    return {
      what: "table engine by its command door",
      budget: "-",
      measured: told(spread(rates), "writes a second"),
      met: undefined,
    };
  } finally {
    test.close();
  }
}

/** Seeds a second of the simulation, where it can be run. */
export function simulation(program: string, seeds = 2000): Figure {
  const milliseconds = timed([program, "--seeds", String(seeds)]);
  const perTen = (seeds / milliseconds) * 600_000;
  return {
    what: "simulation",
    budget: "≥ 20,000 seeds in 10 minutes on 2 cores",
    measured: `${((seeds / milliseconds) * 1000).toFixed(1)} seeds a second, so ${perTen.toFixed(0)} in 10 minutes (${seeds} seeds, its start included)`,
    met: perTen >= 20_000,
  };
}
