import { body } from "@berth/api-client/client.ts";
import type { PricingPlan } from "@berth/api-client/types.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { isProblem } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { money } from "../terminal/money.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";

export const examples: Verb<object>["examples"] = [["berth billing plans", "what there is and what it costs"]];

export const parse = (): object => ({});

export const planTable = (plans: readonly PricingPlan[], yours: string | null, to: { width: number; paint: Paint }): string[] =>
  table<PricingPlan>(
    [
      { title: "PLAN", cell: ({ name }) => name, paint: (paint, text) => paint.bold(text) },
      { title: "A MONTH", cell: ({ price, currency }) => money(price, currency), right: true },
      { title: "APPS", cell: ({ slots }) => String(slots), right: true },
      { title: "SERVERS", cell: ({ targets }) => String(targets), right: true },
      { title: "AT ONCE", cell: ({ concurrent }) => String(concurrent), right: true, keep: 2 },
      { title: "LOGS", cell: ({ logDays }) => `${logDays} days`, right: true, keep: 3 },
      { title: "FOR", cell: ({ name, for: whom }) => (name === yours ? `${whom} (yours)` : whom), keep: 1, least: 12 },
    ],
    plans,
    to,
  );

export async function run(session: Session): Promise<Exit> {
  const api = await session.open();
  const { url, token } = await session.place();
  const { items } = await body(api.v1.plans.$get());
  const yours = token === undefined ? null : await current(session);
  show(session, { items, yours }, () => [
    ...planTable(items, yours, session.terminal),
    "",
    "Flat prices: no metering, no overage. An app is one slot however many containers it has.",
    `${yours === null ? "Choose one" : "Change it"}: ${session.terminal.paint.cyan("berth billing change <plan>")} or ${session.terminal.paint.cyan(`${url}/${yours === null ? "plans" : "billing"}`)}`,
  ]);
  return exits.done;
}

/** The plan of whoever asks; prices are for everybody, so a token that is no good is no reason to refuse. */
async function current(session: Session): Promise<string | null> {
  try {
    const api = await session.api();
    return (await body(api.v1.usage.$get())).plan;
  } catch (error) {
    if (!isProblem(error, "auth.required", "token.scope")) throw error;
    return null;
  }
}
