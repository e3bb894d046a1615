import type Stripe from "stripe";
import type { World } from "../context.ts";
import type { Account } from "../entitlement/account.ts";
import { type Catalogue, getCatalogue } from "./catalogue.ts";
import { tenantOfCustomer } from "./customer.ts";
import { type Anomaly, derive, type Standing, standingOf } from "./derive.ts";
import { accounts } from "./due.ts";
import { livemodeOf } from "./event.ts";
import { settingsDrift } from "./settings.ts";
import { fetchSnapshot, type Snapshot } from "./snapshot.ts";
import { syncCustomer } from "./sync.ts";

/**
 * What a comparison of every account with Stripe finds. `drift` is an account that is not what Stripe's snapshot makes of it; `unmapped` a
 * subscription that somebody pays and no account has; `mode` a customer of the other mode; the rest are derive's anomalies.
 */
export interface Finding {
  readonly class: "drift" | "unmapped" | "mode" | "unreachable" | Anomaly;
  readonly tenant: string | null;
  readonly customer: string;
  /** Which fields drifted, or which subscription it is about. */
  readonly detail: string;
  readonly repaired: boolean;
}

export interface Report {
  readonly accounts: number;
  readonly subscriptions: number;
  readonly findings: readonly Finding[];
  /** What is set wrong at Stripe; see settingsDrift. */
  readonly settings: readonly string[];
  /** Accounts that were still not as they should be after the repair: somebody has to look. */
  readonly remaining: number;
}

/**
 * Compares every account with Stripe, and with `repair` makes drifted ones right again by the same sync that events start. Without it
 * nothing is written anywhere.
 */
export async function reconcile(world: World, { repair }: { repair: boolean }): Promise<Report> {
  const catalogue = await getCatalogue(world, { fresh: true });
  const findings: Finding[] = [];
  let count = 0;
  for await (const account of accounts(world, { due: false })) {
    if (account.customer === undefined) continue;
    count++;
    findings.push(...(await examine(world, account, account.customer, catalogue, repair)));
  }
  const { seen, unmapped } = await unmappedSubscriptions(world);
  findings.push(...unmapped);
  const remaining = findings.filter((found) => repair && found.class === "drift" && !found.repaired).length;
  const settings = await settingsDrift(world);
  const level = remaining > 0 || unmapped.length > 0 || settings.length > 0 ? "error" : "info";
  const counts = { accounts: count, subscriptions: seen, findings: findings.length, settings: settings.length };
  world.log(level, "billing reconciled", { ...counts, remaining, repair });
  return { accounts: count, subscriptions: seen, findings, settings, remaining };
}

/** How an account and what Stripe makes of it differ: the names of the fields. Empty where they agree. */
export const driftOf = (is: Standing, should: Standing): string[] =>
  (Object.keys(should) as (keyof Standing)[]).filter((name) => JSON.stringify(is[name]) !== JSON.stringify(should[name]));

async function examine(
  world: World,
  account: Account,
  customer: string,
  catalogue: Catalogue,
  repair: boolean,
): Promise<Finding[]> {
  const about = { tenant: account.tenant, customer };
  try {
    const snapshot = await fetchSnapshot(world, customer);
    if (snapshot.livemode !== livemodeOf(world)) return [{ ...about, class: "mode", detail: "", repaired: false }];
    const should = derive(snapshot, catalogue, standingOf(account));
    const odd = should.anomalies.map(
      (name): Finding => ({ ...about, class: name, detail: should.subscription ?? "", repaired: false }),
    );
    if (repair) await releaseOrphans(world, snapshot);
    const drift = driftOf(standingOf(account), should);
    if (drift.length === 0) return odd;
    const repaired = repair && (await syncCustomer(world, customer)) !== "rejected";
    return [...odd, { ...about, class: "drift", detail: drift.join(","), repaired }];
  } catch (error) {
    world.log("error", "billing could not compare", { ...about, error });
    return [{ ...about, class: "unreachable", detail: "", repaired: false }];
  }
}

/** A schedule that a process left half made changes nothing and yet keeps its subscription from being canceled. */
async function releaseOrphans(world: World, { subscriptions }: Snapshot): Promise<void> {
  const stripe = await world.stripe();
  for (const { schedule } of subscriptions)
    if (schedule && !schedule.ours && schedule.next === null)
      await stripe.subscriptionSchedules.release(schedule.id, {}, { idempotencyKey: `rel:${schedule.id}` });
}

const idOf = (thing: string | { readonly id: string }) => (typeof thing === "string" ? thing : thing.id);
const over = new Set(["canceled", "incomplete_expired"]);

async function unmappedSubscriptions(world: World): Promise<{ seen: number; unmapped: Finding[] }> {
  const stripe: Stripe = await world.stripe();
  const unmapped: Finding[] = [];
  let seen = 0;
  for await (const subscription of stripe.subscriptions.list({ status: "all", limit: 100 })) {
    seen++;
    if (over.has(subscription.status)) continue;
    const customer = idOf(subscription.customer);
    if ((await tenantOfCustomer(world, customer)) === undefined)
      unmapped.push({ class: "unmapped", tenant: null, customer, detail: subscription.id, repaired: false });
  }
  return { seen, unmapped };
}
