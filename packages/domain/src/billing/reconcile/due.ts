import type { World } from "../../context.ts";
import { type Listed, listed } from "../../entitlement/listed.ts";
import { get, listDue } from "../../query.ts";
import { globalKey, putOne } from "../../table.ts";
import { billingShards, syncCustomer } from "../standing/sync.ts";
import { eventTypes, syncRequestOf } from "../stripe/events.ts";
import { customersASecond, paced } from "./pace.ts";

/** Stripe's event list may lag. */
const OVERLAP_SECONDS = 600;
/** Stripe lists events of the last 30 days. */
const REACH_SECONDS = 30 * 86_400;

const cursorKey = globalKey("CURSOR", "stripe-events");

export async function* accounts(world: World, { due }: { due: boolean }): AsyncGenerator<Listed> {
  for (const shard of billingShards)
    for await (const row of listDue(world, shard, due ? world.now() : undefined)) yield listed(row);
}

/** Enforcement never waits for this: it recovers missed events and sends notices. Accounts that do not fit into the time stay due. */
export async function syncDueAccounts(world: World, until?: Date): Promise<{ synced: number; failed: number }> {
  let synced = 0;
  let failed = 0;
  const sync = async ({ tenant, customer }: Listed) => {
    if (customer === undefined) return;
    try {
      await syncCustomer(world, customer);
      synced++;
    } catch (error) {
      world.log("error", "billing could not look", { tenant, error });
      failed++;
    }
  };
  await paced(world, accounts(world, { due: true }), sync, { perSecond: customersASecond(world) / 2, until });
  return { synced, failed };
}

export async function requestUndelivered(world: World): Promise<number> {
  const now = Math.floor(world.now().getTime() / 1000);
  const seen = Number((await get(world, cursorKey))?.at ?? now - REACH_SECONDS);
  const stripe = await world.stripe();
  let queued = 0;
  const undelivered = stripe.events.list({
    types: [...eventTypes],
    created: { gte: seen - OVERLAP_SECONDS },
    delivery_success: false,
    limit: 100,
  });
  for await (const event of undelivered) {
    const { request, group } = syncRequestOf(event as unknown as Record<string, unknown>);
    await world.send("billing", request, { group, dedupe: event.id });
    queued++;
  }
  await putOne(world, cursorKey, { at: now });
  return queued;
}
