import type Stripe from "stripe";
import type { World } from "../../context.ts";
import { Account, accountKey } from "../../entitlement/account.ts";
import type { Payer } from "../../entitlement/listed.ts";
import { get, getAll } from "../../query.ts";
import { type Anomaly, type BillingStanding, billingStanding, derive } from "../standing/derive.ts";
import { syncCustomer } from "../standing/sync.ts";
import type { Catalogue } from "../stripe/catalogue.ts";
import { customerKey } from "../stripe/customer.ts";
import { stripeFault } from "../stripe/errors.ts";
import { livemodeOf } from "../stripe/events.ts";
import { idOf, isLive } from "../stripe/objects.ts";
import { fetchSnapshot, type Snapshot } from "../stripe/snapshot.ts";

/** `drift`: differs from derive(snapshot). `unmapped`: a live subscription without an open account. `mode`: test versus live. */
export interface Finding {
  readonly class: "drift" | "unmapped" | "mode" | "unreachable" | Anomaly;
  readonly tenant: string | null;
  readonly customer: string;
  readonly detail: string;
  readonly repaired: boolean;
}

export const driftOf = (is: BillingStanding, should: BillingStanding): string[] =>
  (Object.keys(should) as (keyof BillingStanding)[]).filter((name) => JSON.stringify(is[name]) !== JSON.stringify(should[name]));

const RATE_LIMIT_WAITS_MILLISECONDS = [2_000, 8_000];

export async function compareAccount(world: World, account: Payer, catalogue: Catalogue, repair: boolean): Promise<Finding[]> {
  for (const wait of [...RATE_LIMIT_WAITS_MILLISECONDS, undefined]) {
    try {
      return await compare(world, account, catalogue, repair);
    } catch (error) {
      const { tenant, customer } = account;
      if (wait !== undefined && stripeFault(error)?.type === "StripeRateLimitError") {
        await world.sleep(wait);
        continue;
      }
      world.log("error", "billing could not compare", { tenant, customer, error });
      return [{ tenant, customer, class: "unreachable", detail: "", repaired: false }];
    }
  }
  throw new Error("the last try ends in an answer");
}

async function compare(world: World, account: Payer, catalogue: Catalogue, repair: boolean): Promise<Finding[]> {
  const { tenant, customer } = account;
  const about = { tenant, customer };
  const snapshot = await fetchSnapshot(world, customer);
  if (snapshot.livemode !== livemodeOf(world)) return [{ ...about, class: "mode", detail: "", repaired: false }];
  let is = billingStanding(account);
  if (driftOf(is, derive(snapshot, catalogue, is)).length > 0) {
    // The index may lag behind the row.
    const row = await get(world, accountKey(account));
    if (row?.customer !== customer || row.closingAt !== undefined) return [];
    is = billingStanding(Account.parse(row));
  }
  const should = derive(snapshot, catalogue, is);
  const odd = should.anomalies.map(
    (name): Finding => ({ ...about, class: name, detail: should.subscription ?? "", repaired: false }),
  );
  if (repair) await releaseOrphans(world, snapshot);
  const drift = driftOf(is, should);
  if (drift.length === 0) return odd;
  const repaired = repair && (await syncCustomer(world, customer)) !== "rejected";
  return [...odd, { ...about, class: "drift", detail: drift.join(","), repaired }];
}

/** A half-made schedule changes nothing, but Stripe does not cancel a subscription that has one. */
async function releaseOrphans(world: World, { subscriptions }: Snapshot): Promise<void> {
  const stripe = await world.stripe();
  for (const { schedule } of subscriptions)
    if (schedule && !schedule.ours && schedule.next === null)
      await stripe.subscriptionSchedules.release(schedule.id, {}, { idempotencyKey: `rel:${schedule.id}` });
}

export async function unmappedPage(
  world: World,
  after: string | undefined,
  known: ReadonlySet<string>,
): Promise<{ seen: number; findings: Finding[]; next: string | undefined }> {
  const stripe: Stripe = await world.stripe();
  const { data, has_more } = await stripe.subscriptions.list({
    status: "all",
    limit: 100,
    ...(after !== undefined && { starting_after: after }),
  });
  const living = data.filter((subscription) => isLive(subscription) && !known.has(idOf(subscription.customer)));
  const rows = await getAll(
    world,
    living.map(({ customer }) => customerKey(idOf(customer))),
  );
  const findings = living.flatMap((subscription, i): Finding[] => {
    const row = rows[i];
    if (row && row.closedAt === undefined) return [];
    const about = { customer: idOf(subscription.customer), detail: subscription.id, repaired: false };
    return [{ class: "unmapped", tenant: row ? String(row.tenant) : null, ...about }];
  });
  return { seen: data.length, findings, next: has_more ? data.at(-1)?.id : undefined };
}
