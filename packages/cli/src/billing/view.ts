import type { PlanChange, PricingPlan } from "@berth/api-client/types.ts";
import { money } from "../terminal/money.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts } from "../terminal/table.ts";
import { clean, listed, marked, plural } from "../terminal/text.ts";
import { ago, moment } from "../terminal/time.ts";

interface Look {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}

type Over = PlanChange["over"];

export const aMonth = ({ price, currency }: Pick<PricingPlan, "price" | "currency">) => `${money(price, currency)} a month`;

/** A sentence behind a mark, in lines that fit. */
/** What the plan does not cover of what is used. */
export function overLines({ slots, targets }: Over, plan: string, look: Pick<Look, "width" | "paint">): string[] {
  const beyond = listed([...(slots > 0 ? [plural(slots, "app")] : []), ...(targets > 0 ? [plural(targets, "server")] : [])]);
  if (beyond === "") return [];
  const text = `You use ${beyond} more than ${plan} covers. All of it runs on, and nothing can be added until it fits.`;
  return marked(look.paint.yellow("!"), text, look);
}

/** What a change would do, before it is done. */
export const changeLines = (change: PlanChange, plan: PricingPlan, look: Look): string[] => [
  ...facts(
    [
      ["Plan", change.kind === "keep" ? `${plan.name} stays` : `${change.from} to ${look.paint.bold(plan.name)}`],
      ["Price", aMonth(plan)],
      [
        "When",
        change.kind === "downgrade" ? `${moment(change.at)} (${ago(change.at, look.now)}), when what is paid ends` : "now",
      ],
      ["Due now", change.due === 0 ? "nothing" : money(change.due, change.currency)],
    ],
    look,
  ),
  ...overLines(change.over, plan.name, look),
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
  look: Pick<Look, "width" | "paint">,
): string[] {
  const { green, yellow, cyan } = look.paint;
  if (status === "payment_needed")
    return [
      ...marked(yellow("!"), `${plan} waits to be paid: your bank asks you to confirm, or the card was declined.`, look),
      ...marked(" ", `${from} stays until then; what is not paid within a day lapses.`, look),
      ...(url === null ? [] : [`  Pay it here: ${cyan(clean(url))}`]),
    ];
  if (status === "planned")
    return [
      ...marked(green("✓"), `Your plan changes from ${from} to ${plan} on ${moment(at)}`, look),
      ...marked(" ", `Until then nothing changes. To take it back: berth billing change ${from}`, look),
    ];
  if (kind === "keep") return marked(green("✓"), `You stay on ${plan}; the planned change is taken back`, look);
  return marked(green("✓"), `Your plan is ${plan} now${due === 0 ? "" : `; ${money(due, currency)} was charged`}`, look);
}
