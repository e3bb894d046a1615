import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import type { ComponentChildren } from "preact";

export interface PlanView {
  readonly name: PricingPlanName;
  readonly title: string;
  readonly for: string;
  readonly price: number;
  readonly currency: string;
  readonly slots: number;
  readonly targets: number;
  readonly logDays: number;
  readonly concurrent: number;
}

/** Cents as money: $9, $9.50. */
export const money = (cents: number, currency: string) =>
  new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: cents % 100 === 0 ? 0 : 2,
  }).format(cents / 100);

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** A plan as it is sold: its places at the quay, its price and its limits. */
export function PlanCard({ plan, mark, children }: { plan: PlanView; mark?: string | undefined; children?: ComponentChildren }) {
  return (
    <li class={mark ? "plan marked" : "plan"}>
      <h2 class="plan-title">
        {plan.title} {mark && <span class="tag">{mark}</span>}
      </h2>
      <p class="plan-for">For {plan.for}</p>
      <p class="plan-price">
        <strong>{money(plan.price, plan.currency)}</strong> a month
      </p>
      <ul class="plan-limits">
        <li>{count(plan.slots, "app slot")}</li>
        <li>{count(plan.targets, "target")}</li>
        <li>{count(plan.concurrent, "deploy")} at a time</li>
        <li>deploy logs kept for {count(plan.logDays, "day")}</li>
      </ul>
      {children}
    </li>
  );
}
