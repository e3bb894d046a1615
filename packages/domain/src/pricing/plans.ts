/** A pricing plan. Its price lives in Stripe under `lookupKey`; everything else about it is here and nowhere else. */
export interface PricingPlan {
  readonly name: PricingPlanName;
  readonly title: string;
  readonly for: string;
  /** Integer cents a month. */
  readonly price: number;
  readonly currency: "usd";
  readonly lookupKey: string;
  readonly slots: number;
  readonly targets: number;
  readonly logDays: number;
  readonly concurrent: number;
}

export const pricingPlanNames = ["solo", "pro", "studio"] as const;
export type PricingPlanName = (typeof pricingPlanNames)[number];

const plan = (name: PricingPlanName, rest: Omit<PricingPlan, "name" | "currency" | "lookupKey">): PricingPlan => ({
  name,
  currency: "usd",
  lookupKey: `berth_${name}_monthly`,
  ...rest,
});

/** Smallest first. */
export const pricingPlans: readonly PricingPlan[] = [
  plan("solo", { title: "Solo", for: "one developer's apps", price: 900, slots: 3, targets: 2, logDays: 7, concurrent: 1 }),
  plan("pro", { title: "Pro", for: "a product and its staging", price: 1900, slots: 10, targets: 5, logDays: 30, concurrent: 3 }),
  plan("studio", {
    title: "Studio",
    for: "many customers' apps",
    price: 4900,
    slots: 30,
    targets: 15,
    logDays: 90,
    concurrent: 10,
  }),
];

export const pricingPlanOf = (name: PricingPlanName): PricingPlan =>
  pricingPlans.find((each) => each.name === name) as PricingPlan; // every name has its plan above
