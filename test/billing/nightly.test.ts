import { beginNightly, continueNightly } from "@berth/domain/billing/reconcile/nightly.ts";
import { dueShard } from "@berth/domain/billing/standing/sync.ts";
import type { World } from "@berth/domain/context.ts";
import { newAccount } from "@berth/domain/entitlement/account.ts";
import { pricingPlans } from "@berth/domain/pricing/plans.ts";
import { globalKey, putOne } from "@berth/domain/table.ts";
import type Stripe from "stripe";
import { afterEach, expect, test } from "vitest";
import { runSchedule } from "../../functions/billing/reconcile.ts";
import { createChance } from "../support/chance.ts";
import { endpointAt, soldAs } from "../support/sold.ts";
import { type TestWorld, testWorld } from "../support/world.ts";

/** What a Stripe with nobody's subscriptions was asked, and when. */
interface Counter {
  readonly asked: Map<string, number>;
  readonly times: number[];
  /** Told before each customer is read; may throw. */
  before: (customer: string) => void;
}

let bench: TestWorld | undefined;
afterEach(() => bench?.close());

/** So many accounts with a customer each, at a Stripe that only counts. */
async function town(size: number, over: Partial<World> = {}): Promise<{ test: TestWorld; counter: Counter }> {
  const counter: Counter = { asked: new Map(), times: [], before: () => undefined };
  const empty = async () => ({ data: [], has_more: false });
  const note = () => counter.times.push(test.clock.now().getTime());
  const noted = () => {
    note();
    return empty();
  };
  const listing = { list: noted };
  const subscriptions = {
    list: ({ customer }: { customer?: string }) => (customer === undefined ? empty() : noted()),
  };
  const stripe = {
    customers: {
      retrieve: async (id: string) => {
        note();
        counter.before(id);
        counter.asked.set(id, (counter.asked.get(id) ?? 0) + 1);
        return { id, livemode: test.world.stage === "prod" };
      },
    },
    subscriptions,
    invoices: listing,
    charges: listing,
    prices: { list: async () => ({ data: pricingPlans.map(soldAs), has_more: false }) },
    webhookEndpoints: { list: async () => ({ data: [endpointAt(test.world.origin)] }) },
    billingPortal: { configurations: { list: empty } },
  } as unknown as Stripe;
  const test: TestWorld = testWorld({ stripe: () => Promise.resolve(stripe), over });
  bench = test;
  for (let i = 0; i < size; i++) {
    const tenant = `ten_${String(i).padStart(6, "0")}`;
    await add(test, tenant, i % 7 === 0 ? "2027-03-01T12:00:00.000Z" : "2027-03-02T12:00:00.000Z");
  }
  return { test, counter };
}

async function add(test: TestWorld, tenant: string, dueAt: string): Promise<void> {
  const customer = `cus_${tenant}`;
  const account = { ...newAccount(tenant), customer, duePk: dueShard(tenant), dueAt };
  await putOne(test.world, { pk: `TENANT#${tenant}`, sk: "ACCOUNT" }, account);
  await putOne(test.world, globalKey("CUS", customer), { tenant });
}

const timesAsked = ({ asked }: Counter) => [...new Set(asked.values())];
/** The most requests in any one second. */
function busiest({ times }: Counter): number {
  const perSecond = new Map<number, number>();
  for (const time of times) perSecond.set(Math.floor(time / 1000), (perSecond.get(Math.floor(time / 1000)) ?? 0) + 1);
  return Math.max(...perSecond.values());
}

const soon = (test: TestWorld, seconds = 720) => new Date(test.clock.now().getTime() + seconds * 1000);

test("of 5,000 accounts each is compared exactly once, in parts of twelve minutes, and 100,000 fit into a night", async () => {
  const { test: bench, counter } = await town(5_000, { stage: "prod" });
  const began = bench.clock.now().getTime();
  await runSchedule(bench.world, "full");
  let parts = 1;
  for (; !(await continueNightly(bench.world, bench.clock.now())).done; parts++) {
    await bench.clock.advance(180);
    await runSchedule(bench.world, "continue");
  }
  expect(counter.asked.size).toBe(5_000);
  expect(timesAsked(counter)).toEqual([1]);
  expect(parts).toBeGreaterThan(0);
  expect(await continueNightly(bench.world, soon(bench))).toMatchObject({ done: true, accounts: 5_000, unreachable: 0 });
  const seconds = (bench.clock.now().getTime() - began) / 1000;
  expect((seconds / 5_000) * 100_000).toBeLessThan(5 * 3600);
  expect(busiest(counter)).toBeLessThanOrEqual(50);
}, 60_000);

test("in no second more is asked of Stripe than a sandbox takes", async () => {
  const { test: bench, counter } = await town(400);
  await beginNightly(bench.world);
  while (!(await continueNightly(bench.world, soon(bench))).done);
  expect(counter.times.length).toBe(1_600);
  expect(busiest(counter)).toBeLessThanOrEqual(15);
});

test("killed anywhere, with two at it and syncs that move accounts about, none is left out and none is counted twice", async () => {
  const chance = createChance(5);
  const dice = () => (chance(1)[0] ?? 0) / 256;
  const { test: bench, counter } = await town(1_200);
  await beginNightly(bench.world);
  let kills = 0;
  const dying: World = {
    ...bench.world,
    sleep: async (milliseconds) => {
      if (dice() < 0.01) {
        kills++;
        throw new Error("killed");
      }
      await bench.world.sleep(milliseconds);
    },
  };
  let done = false;
  for (let turn = 0; !done && turn < 500; turn++) {
    const both = await Promise.allSettled([
      continueNightly(dying, soon(bench, 60)),
      continueNightly(bench.world, soon(bench, 0)),
    ]);
    done = both.some((each) => each.status === "fulfilled" && each.value.done);
    const moved = `ten_${String(Math.floor(dice() * 1_200)).padStart(6, "0")}`;
    await add(bench, moved, soon(bench, dice() * 86_400).toISOString());
    await bench.clock.advance(130);
  }
  expect(done).toBe(true);
  expect(kills).toBeGreaterThan(2);
  expect(counter.asked.size).toBe(1_200);
  expect(await continueNightly(bench.world, soon(bench))).toMatchObject({ done: true, accounts: 1_200 });
  // Of a part that was killed some are compared again, and no other.
  expect([...counter.asked.values()].reduce((sum, count) => sum + count - 1, 0)).toBeLessThanOrEqual(kills * 40);
});

test("who comes while another is at it does nothing", async () => {
  const { test: bench, counter } = await town(100);
  await beginNightly(bench.world);
  const [, second] = await Promise.all([continueNightly(bench.world, soon(bench)), continueNightly(bench.world, soon(bench))]);
  expect(second.accounts).toBeLessThan(100);
  expect(counter.asked.size).toBe(100);
  expect(timesAsked(counter)).toEqual([1]);
});

test("a night that did not end is told of, and the next begins anew", async () => {
  const { test: bench, counter } = await town(50);
  await beginNightly(bench.world);
  await continueNightly(bench.world, soon(bench, 1));
  await bench.clock.advance(86_400);
  await beginNightly(bench.world);
  expect(bench.logs).toContainEqual(expect.objectContaining({ level: "error", message: "billing did not end to reconcile" }));
  expect(await continueNightly(bench.world, soon(bench))).toMatchObject({ done: true, accounts: 50 });
  expect(Math.max(...counter.asked.values())).toBe(2);
});

test("an account that Stripe has no room for is asked for again, and is a finding only when it stays so", async () => {
  const { test: bench, counter } = await town(3);
  const busy = () => Object.assign(new Error("Too many requests"), { type: "StripeRateLimitError" });
  let refusals = 2;
  counter.before = (customer) => {
    if (customer === "cus_ten_000001" && refusals-- > 0) throw busy();
  };
  await beginNightly(bench.world);
  expect(await continueNightly(bench.world, soon(bench))).toMatchObject({ accounts: 3, unreachable: 0 });
  counter.before = () => {
    throw busy();
  };
  await bench.clock.advance(86_400);
  await beginNightly(bench.world);
  expect(await continueNightly(bench.world, soon(bench))).toMatchObject({ done: true, accounts: 3, unreachable: 3 });
});

test("of accounts that agree with Stripe no row is read: the index tells all that is compared", async () => {
  const { test: bench } = await town(400);
  let read = 0;
  bench.engine.onConsumed((spent) => {
    read += spent.read;
  });
  await runSchedule(bench.world, "full");
  expect(await continueNightly(bench.world, soon(bench))).toMatchObject({ done: true, accounts: 400, findings: 0 });
  expect(read).toBeGreaterThan(8);
  expect(read).toBeLessThan(60);
});

test("where the index is behind the row, the row is what is compared", async () => {
  const { test: bench } = await town(3);
  const { client } = bench.world.table;
  const behind = {
    send: async (command: { readonly input: { readonly IndexName?: string } }) => {
      const answer = (await client.send(command as never)) as { Items?: object[] };
      if (command.input.IndexName === undefined) return answer;
      return { ...answer, Items: answer.Items?.map((row) => ({ ...row, kind: "good" })) };
    },
  } as unknown as World["table"]["client"];
  const world: World = { ...bench.world, table: { ...bench.world.table, client: behind } };
  await beginNightly(world);
  expect(await continueNightly(world, soon(bench))).toMatchObject({ done: true, accounts: 3, findings: 0 });
});
