/** A pricing plan. Its price lives in Stripe under `lookupKey`; everything else about it is here and nowhere else. */
export interface Plan {
  readonly name: PlanName;
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

export const planNames = ["solo", "pro", "studio"] as const;
export type PlanName = (typeof planNames)[number];

const plan = (name: PlanName, rest: Omit<Plan, "name" | "currency" | "lookupKey">): Plan => ({
  name,
  currency: "usd",
  lookupKey: `berth_${name}_monthly`,
  ...rest,
});

/** Smallest first. */
export const plans: readonly Plan[] = [
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

export const planOf = (name: PlanName): Plan => plans.find((each) => each.name === name) as Plan; // every name has its plan above
