import { body, type Client } from "@berth/api-client/client.ts";
import type { Billing } from "@berth/api-client/types.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { isProblem } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts } from "../terminal/table.ts";
import { moment } from "../terminal/time.ts";
import { standing } from "./usage.ts";

interface Input {
  readonly refresh: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth billing show", "how the bill stands, and a link to the card and the invoices"],
  ["berth billing", "the same; after berth prove the link leads straight into the portal"],
  ["berth billing --refresh", "after a payment, look at it again now"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("--refresh", "ask the payment service again first");

export const parse = (_: readonly string[], flags: Flags): Input => ({ refresh: isSet(flags, "refresh") });

const day = (at: string | null) => (at === null ? undefined : moment(at));

/** A renewal that was declined or disputed, or a plan that ends, has paid for no month that is still to come. */
const isPaid = ({ entitlement, cancelAt, hold }: Billing) => entitlement === "active" && cancelAt === null && !hold;

export const billingLines = (state: Billing, { width, paint, now }: { width: number; paint: Paint; now: Date }): string[] =>
  facts(
    [
      ["Plan", state.plan ?? "none"],
      ["Standing", standing(state, paint, now)],
      ["To do", state.reason === "authentication_required" ? "your bank asks you to confirm: berth billing invoices" : undefined],
      ["Next plan", state.pendingPlan ?? undefined],
      ["Paid until", isPaid(state) ? day(state.periodEnd) : undefined],
      ["Ends", day(state.cancelAt)],
      ["Hold", state.hold ? paint.red("a payment is disputed: nothing can be added") : undefined],
      ["As of", day(state.syncedAt)],
    ],
    { width, paint },
  );

/** The portal's own page; null for an account that never paid and a credential that may not or was not proved just now. */
async function portal(api: Client): Promise<string | null> {
  try {
    return (await body(api.v1.billing.portal.$post())).url;
  } catch (error) {
    if (!isProblem(error, "billing.no_customer", "billing.unavailable", "token.scope", "auth.proof")) throw error;
    return null;
  }
}

export async function run(session: Session, { refresh }: Input): Promise<Exit> {
  const api = await session.api();
  const { url } = await session.place();
  const page = `${url}/billing`;
  const state = await body(refresh ? api.v1.billing.refresh.$post({ json: {} }) : api.v1.billing.$get());
  const link = state.entitlement === "none" ? null : await portal(api);
  show(session, { ...state, portal: link, page }, () => [
    ...billingLines(state, { ...session.terminal, now: session.now() }),
    "",
    link === null
      ? `${state.plan === null ? "Choose a plan" : "Manage it in the browser"}: ${session.terminal.paint.cyan(state.plan === null ? `${url}/plans` : page)}`
      : `Card, plan and invoices: ${session.terminal.paint.cyan(link)}`,
  ]);
  return exits.done;
}
