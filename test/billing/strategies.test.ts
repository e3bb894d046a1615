import { type BillingStanding, derive } from "@berth/domain/billing/standing/derive.ts";
import { fetchSnapshot, type Snapshot } from "@berth/domain/billing/stripe/snapshot.ts";
import { expect, test } from "vitest";
import { testWorld } from "../support/world.ts";
import { catalogue, nobody, T0 } from "./facts.ts";
import { createStage, type MadeEvent, newHistory, type Stage } from "./history.ts";
import { type Dice, type Model, stubStripe } from "./model.ts";

const HISTORIES = 4_000;

/** A row as a strategy keeps it, and what the strategy is told of the outside. */
interface Bench {
  row: BillingStanding;
  /** What the row was stamped with when it was written. */
  stamp: number;
  readonly gate: Stage["gate"];
  readonly fetch: () => Promise<Snapshot>;
  /** A clock better than any real one: no two readings are the same. */
  readonly clock: () => number;
}

type Strategy = (bench: Bench) => (event: MadeEvent) => Promise<void>;

const write = (bench: Bench, snapshot: Snapshot, stamp = 0) => {
  bench.row = derive(snapshot, catalogue, bench.row);
  bench.stamp = stamp;
};

/** What others do. Each is fairer here than in life: its events carry everything, and none is lost. */
const strategies: Record<string, Strategy> = {
  "apply the payload": (bench) => async (event) => {
    await bench.gate();
    write(bench, event.payload);
  },
  "apply the payload unless an event created later was applied": (bench) => async (event) => {
    await bench.gate();
    if (event.created >= bench.stamp) write(bench, event.payload, event.created);
  },
  "apply the payload only of an event created later": (bench) => async (event) => {
    await bench.gate();
    if (event.created > bench.stamp) write(bench, event.payload, event.created);
  },
  "read Stripe again and write": (bench) => async () => {
    const snapshot = await bench.fetch();
    await bench.gate();
    write(bench, snapshot);
  },
  "read Stripe again, stamp it then, newest stamp wins": (bench) => async () => {
    const snapshot = await bench.fetch();
    const stamp = bench.clock();
    await bench.gate();
    if (stamp > bench.stamp) write(bench, snapshot, stamp);
  },
  "number, read Stripe again, highest number wins": (bench) => {
    let number = 0;
    return async () => {
      await bench.gate();
      const mine = ++number;
      const snapshot = await bench.fetch();
      await bench.gate();
      if (mine > bench.stamp) write(bench, snapshot, mine);
    };
  },
  "read Stripe again, one at a time": (bench) => {
    let last = Promise.resolve();
    return () => {
      last = last.then(async () => {
        const snapshot = await bench.fetch();
        await bench.gate();
        write(bench, snapshot);
      });
      return last;
    };
  },
};

/** The share of histories after which a strategy's row is not what Stripe's last snapshot says. */
async function wrongShare(strategy: Strategy): Promise<number> {
  let dice: Dice = Math.random;
  const stage = createStage(() => dice);
  const models = new Map<string, Model>();
  const stripe = stubStripe(models, stage.gate);
  const { world, close } = testWorld({ stripe: () => Promise.resolve(stripe) });
  let readings = 0;
  let wrong = 0;
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const customer = `cus_${seed}`;
    const history = { ...newHistory(seed, customer, T0), lost: 0 };
    dice = history.dice;
    models.set(customer, history.model);
    const bench: Bench = {
      row: nobody,
      stamp: 0,
      gate: stage.gate,
      fetch: () => fetchSnapshot(world, customer),
      clock: () => ++readings,
    };
    await stage.run(history, strategy(bench));
    const should = derive(history.model.snapshot, catalogue, bench.row);
    if (JSON.stringify(bench.row) !== JSON.stringify(should)) wrong++;
  }
  close();
  return wrong / HISTORIES;
}

const shares: Record<string, string> = {};
const names = Object.keys(strategies);

test.each(names.slice(0, 5))(
  "%s: is wrong in the end, so it is not what we do",
  async (name) => {
    const share = await wrongShare(strategies[name] as Strategy);
    shares[name] = `${(share * 100).toFixed(2)} %`;
    expect(share).toBeGreaterThan(0);
  },
  120_000,
);

test.each(names.slice(5))(
  "%s: is right after every history; we do both",
  async (name) => {
    const share = await wrongShare(strategies[name] as Strategy);
    shares[name] = `${(share * 100).toFixed(2)} %`;
    expect(share).toBe(0);
  },
  120_000,
);

test("the shares of wrong rows are told", () => {
  console.info(
    `wrong after ${HISTORIES} histories:\n${names.map((name) => `${(shares[name] ?? "").padStart(8)}  ${name}`).join("\n")}`,
  );
  expect(Object.keys(shares)).toHaveLength(names.length);
});
