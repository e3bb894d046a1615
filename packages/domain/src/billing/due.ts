import type { World } from "../context.ts";
import { type Listed, listed } from "../entitlement/listed.ts";
import { get, globalKey, listDue, store } from "../table.ts";
import { doorbellOf, eventTypes } from "./event.ts";
import { customersASecond, paced } from "./pace.ts";
import { billingShards, syncCustomer } from "./sync.ts";

/** Events are asked for again from so long before the last look: their list may lag. */
const OVERLAP_SECONDS = 600;
/** How far Stripe's list of events reaches back. */
const REACH_SECONDS = 30 * 86_400;

const cursorKey = globalKey("CURSOR", "stripe-events");

/** Accounts that billing looks after by itself: those due by now, or all of them. A page at a time, so that none is held back by the rest. */
export async function* accounts(world: World, { due }: { due: boolean }): AsyncGenerator<Listed> {
  for (const shard of billingShards)
    for await (const row of listDue(world, shard, due ? world.now() : undefined)) yield listed(row);
}

/**
 * Looks again at every account whose time has come: unpaid ones each hour and at the ends of grace, all others once a week beside the nightly
 * comparison. What is enforced does not wait for this; it heals what was missed and gives the notices. One that fails does not hold back the rest; what the time
 * did not do for is still due.
 */
export async function lookAtDue(world: World, until?: Date): Promise<{ looked: number; failed: number }> {
  let looked = 0;
  let failed = 0;
  const look = async ({ tenant, customer }: Listed) => {
    if (customer === undefined) return;
    try {
      await syncCustomer(world, customer);
      looked++;
    } catch (error) {
      world.log("error", "billing could not look", { tenant, error });
      failed++;
    }
  };
  await paced(world, accounts(world, { due: true }), look, { perSecond: customersASecond(world) / 2, until });
  return { looked, failed };
}

/** Rings for the events that Stripe could not deliver since the last time. Answers how many. */
export async function ringUndelivered(world: World): Promise<number> {
  const now = Math.floor(world.now().getTime() / 1000);
  const seen = Number((await get(world, cursorKey))?.at ?? now - REACH_SECONDS);
  const stripe = await world.stripe();
  let rung = 0;
  const undelivered = stripe.events.list({
    types: [...eventTypes],
    created: { gte: seen - OVERLAP_SECONDS },
    delivery_success: false,
    limit: 100,
  });
  for await (const event of undelivered) {
    const { bell, group } = doorbellOf(event as unknown as Record<string, unknown>);
    await world.send("billing", bell, { group, dedupe: event.id });
    rung++;
  }
  await store(world, cursorKey, { at: now });
  return rung;
}
