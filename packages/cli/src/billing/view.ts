import type { PlanChange, PricingPlan } from "@berth/api-client/types.ts";
import { money } from "../terminal/money.ts";
import { facts, type Layout } from "../terminal/table.ts";
import { clean, listed, marked, plural } from "../terminal/text.ts";
import { ago, moment } from "../terminal/time.ts";

type Over = PlanChange["over"];

export const aMonth = ({ price, currency }: Pick<PricingPlan, "price" | "currency">) => `${money(price, currency)} a month`;

/** A sentence behind a mark, in lines that fit. */
/** What the plan does not cover of what is used. */
export function overLines({ slots, targets }: Over, plan: string, layout: Pick<Layout, "width" | "paint">): string[] {
  const beyond = listed([...(slots > 0 ? [plural(slots, "app")] : []), ...(targets > 0 ? [plural(targets, "server")] : [])]);
  if (beyond === "") return [];
  const text = `You use ${beyond} more than ${plan} covers. All of it runs on, and nothing can be added until it fits.`;
  return marked(layout.paint.yellow("!"), text, layout);
}

/** What a change would do, before it is done. */
export const changeLines = (change: PlanChange, plan: PricingPlan, layout: Layout): string[] => [
  ...facts(
    [
      ["Plan", change.kind === "keep" ? `${plan.name} stays` : `${change.from} to ${layout.paint.bold(plan.name)}`],
      ["Price", aMonth(plan)],
      [
        "When",
        change.kind === "downgrade" ? `${moment(change.at)} (${ago(change.at, layout.now)}), when what is paid ends` : "now",
      ],
      ["Due now", change.due === 0 ? "nothing" : money(change.due, change.currency)],
    ],
    layout,
  ),
  ...overLines(change.over, plan.name, layout),
];

/** The change as a question. */
export function question({ kind, plan, from, due, currency, at }: PlanChange): string {
  if (kind === "upgrade") return `Move from ${from} to ${plan} and pay ${money(due, currency)} now?`;
  if (kind === "downgrade") return `Move from ${from} to ${plan} on ${moment(at)}?`;
  return `Stay on ${plan} and take the planned change back?`;
}

/** What a change came to. */
export function doneLines(
  { kind, status, plan, from, due, currency, at, url }: PlanChange,
  layout: Pick<Layout, "width" | "paint">,
): string[] {
  const { green, yellow, cyan } = layout.paint;
  if (status === "payment_needed")
    return [
      ...marked(yellow("!"), `${plan} waits to be paid: your bank asks you to confirm, or the card was declined.`, layout),
      ...marked(" ", `${from} stays until then; what is not paid within a day lapses.`, layout),
      ...(url === null ? [] : [`  Pay it here: ${cyan(clean(url))}`]),
    ];
  if (status === "planned")
    return [
      ...marked(green("✓"), `Your plan changes from ${from} to ${plan} on ${moment(at)}`, layout),
      ...marked(" ", `Until then nothing changes. To take it back: berth billing change ${from}`, layout),
    ];
  if (kind === "keep") return marked(green("✓"), `You stay on ${plan}; the planned change is taken back`, layout);
  return marked(green("✓"), `Your plan is ${plan} now${due === 0 ? "" : `; ${money(due, currency)} was charged`}`, layout);
}
