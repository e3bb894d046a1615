import { body } from "@berth/api-client/client.ts";
import type { Billing, PricingPlan, Usage } from "@berth/api-client/types.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { facts, type Layout } from "../terminal/table.ts";
import { ago, moment } from "../terminal/time.ts";
import { usageFacts } from "./usage.ts";
import { aMonth } from "./view.ts";

export const examples: Verb<object>["examples"] = [
  ["berth billing plan", "your plan, its limits, what is used of them and what is planned next"],
];

export const parse = (): object => ({});

/** What comes after the paid period: an end, another plan, or the same again. */
function next(
  { cancelAt, entitlement, pendingPlan, periodEnd }: Billing,
  { paint, now }: Layout,
): readonly [string, string | undefined] {
  const when = (at: string) => `${moment(at)} (${ago(at, now)})`;
  if (cancelAt !== null) return ["Ends", paint.yellow(when(cancelAt))];
  if (pendingPlan !== null) return ["Next plan", `${pendingPlan}${periodEnd === null ? "" : `, from ${when(periodEnd)}`}`];
  return ["Renews", periodEnd === null || entitlement !== "active" ? undefined : when(periodEnd)];
}

export const planLines = (
  { usage, billing, plan }: { usage: Usage; billing: Billing; plan: PricingPlan | undefined },
  layout: Layout,
): string[] => {
  const [name, ...used] = usageFacts(usage, layout);
  return facts(
    [
      plan ? ["Plan", `${plan.name}, ${aMonth(plan)}`] : name,
      ...used,
      next(billing, layout),
      [
        "Too much",
        billing.over ? layout.paint.yellow("all of it runs on; nothing can be added until it fits the plan") : undefined,
      ],
      ["Hold", billing.hold ? layout.paint.red("a payment is disputed: nothing can be added") : undefined],
    ],
    layout,
  );
};

export async function run(session: Session): Promise<Exit> {
  const api = await session.api();
  const [usage, billing, plans] = await Promise.all([
    body(api.v1.usage.$get()),
    body(api.v1.billing.$get()),
    body(api.v1.plans.$get()),
  ]);
  const plan = plans.items.find(({ name }) => name === usage.plan);
  show(session, { ...billing, ...usage }, () => [
    ...planLines({ usage, billing, plan }, { ...session.terminal, now: session.now() }),
    "",
    `${plan ? "Change it" : "Choose one"}: ${session.terminal.paint.cyan("berth billing change <plan>")}; what there is: ${session.terminal.paint.cyan("berth billing plans")}`,
  ]);
  return exits.done;
}
