import { billingStanding, derive } from "@berth/domain/billing/standing/derive.ts";
import { syncCustomer } from "@berth/domain/billing/standing/sync.ts";
import type { Context } from "@berth/domain/context.ts";
import { accountKey, getAccount, newAccount } from "@berth/domain/entitlement/account.ts";
import { globalKey, key, putOne } from "@berth/domain/table.ts";
import { expect } from "vitest";
import { testWorld } from "../support/world.ts";
import { catalogue, T0 } from "./facts.ts";
import { createStage, newHistory } from "./history.ts";
import { type Dice, type Model, stubStripe } from "./model.ts";

/** A fresh table now and then, so that memory stays small. */
const BATCH = 1000;

/**
 * Runs the real sync through random histories, with every read and write of it between any other, and expects after each that the account
 * is what derive makes of Stripe's last snapshot. Set FIRST_SEED and HISTORIES to run others or a single one again.
 */
export async function runHistories(seeds: { first: number; count: number }): Promise<void> {
  const first = Number(process.env.FIRST_SEED ?? seeds.first);
  const end = first + Number(process.env.HISTORIES ?? seeds.count);
  let dice: Dice = Math.random;
  const stage = createStage(() => dice);
  for (let from = first; from < end; from += BATCH) {
    const models = new Map<string, Model>();
    let gated = false;
    const gate = () => (gated ? stage.gate() : Promise.resolve());
    let now = T0;
    const stripe = stubStripe(models, gate);
    const bench = testWorld({ over: { now: () => new Date(now * 1000), stripe: () => Promise.resolve(stripe) } });
    const { client } = bench.world.table;
    const send = (async (command: never) => {
      await gate();
      return client.send(command);
    }) as typeof client.send;
    const world = { ...bench.world, table: { ...bench.world.table, client: { send } } };

    for (let seed = from; seed < Math.min(from + BATCH, end); seed++) {
      const customer = `cus_${seed}`;
      const tenant = `ten_${seed}`;
      const history = newHistory(seed, customer, now);
      dice = history.dice;
      models.set(customer, history.model);
      const ctx: Context = { ...world, tenant, actor: { kind: "system", id: "test" } };
      await putOne(ctx, accountKey(ctx), { ...newAccount(tenant), customer });
      await putOne(ctx, globalKey("CUS", customer), { tenant });
      await putOne(ctx, key(ctx, "MEMBER#usr_1"), { id: "usr_1", email: "ann@example.com", tenant, role: "owner" });
      gated = true;
      await stage.run(history, async ({ id }) => {
        now = Math.max(now, history.model.now);
        await syncCustomer(world, customer, { event: id });
      });
      gated = false;
      // What the schedules do in the end, where an event was lost.
      if (history.lost > 0) await syncCustomer(world, customer);
      const standing = billingStanding(await getAccount(ctx));
      const should = derive(history.model.snapshot, catalogue, standing);
      if (JSON.stringify(standing) !== JSON.stringify(should)) expect({ seed, standing }).toEqual({ seed, standing: should });
    }
    bench.close();
  }
}
