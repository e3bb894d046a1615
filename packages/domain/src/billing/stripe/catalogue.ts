import type Stripe from "stripe";
import type { World } from "../../context.ts";
import { type PricingPlan, type PricingPlanName, pricingPlans } from "../../pricing/plans.ts";
import { idOf } from "./objects.ts";

export interface SoldPrice {
  readonly id: string;
  readonly product: string;
  /** Integer cents. */
  readonly amount: number | null;
  readonly currency: string;
}

/** Maps Stripe's prices to plans. Matching by product too keeps subscribers to a former price on their plan. */
export interface Catalogue {
  readonly sold: Readonly<Partial<Record<PricingPlanName, SoldPrice>>>;
}

const KEEP_MILLISECONDS = 5 * 60_000;
const kept = new WeakMap<Stripe, { catalogue: Catalogue; until: number }>();

export async function getCatalogue(world: World, { fresh = false }: { fresh?: boolean } = {}): Promise<Catalogue> {
  const stripe = await world.stripe();
  const now = world.now().getTime();
  const known = kept.get(stripe);
  if (known && !fresh && known.until > now) return known.catalogue;
  const { data } = await stripe.prices.list({
    lookup_keys: pricingPlans.map(({ lookupKey }) => lookupKey),
    active: true,
    limit: 100,
  });
  const catalogue = { sold: Object.fromEntries(pricingPlans.flatMap((plan) => soldAs(plan, data))) };
  kept.set(stripe, { catalogue, until: now + KEEP_MILLISECONDS });
  return catalogue;
}

function soldAs(plan: PricingPlan, prices: readonly Stripe.Price[]): [PricingPlanName, SoldPrice][] {
  const price = prices.find((each) => each.lookup_key === plan.lookupKey);
  if (!price) return [];
  return [[plan.name, { id: price.id, product: idOf(price.product), amount: price.unit_amount, currency: price.currency }]];
}

export function planOfPrice(
  catalogue: Catalogue,
  price: { readonly id: string; readonly product: string },
): PricingPlanName | undefined {
  const sold = Object.entries(catalogue.sold) as [PricingPlanName, SoldPrice][];
  const found = sold.find(([, { id }]) => id === price.id) ?? sold.find(([, { product }]) => product === price.product);
  return found?.[0];
}

/** @throws Error when Stripe has no active price under the plan's lookup key, which is our mistake */
export function priceOf(catalogue: Catalogue, plan: PricingPlanName): SoldPrice {
  const price = catalogue.sold[plan];
  if (!price) throw new Error(`Stripe has no active price for the plan ${plan}`);
  return price;
}

export const priceIdOf = async (world: World, plan: PricingPlanName) => priceOf(await getCatalogue(world), plan).id;
