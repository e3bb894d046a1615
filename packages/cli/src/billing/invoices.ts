import { body } from "@berth/api-client/client.ts";
import type { Invoice } from "@berth/api-client/types.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { money } from "../terminal/money.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import { clean, pad, widthOf } from "../terminal/text.ts";
import { moment } from "../terminal/time.ts";

interface Input {
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [
  ["berth billing invoices", "the newest twenty, each with its page"],
  ["berth billing invoices --all --json", "every one with its PDF, for the books"],
];

export const options: NonNullable<Verb<Input>["options"]> = pagingOptions;

export const parse = (_: readonly string[], flags: Flags): Input => ({ paging: parsePaging(flags) });

const nameOf = ({ number, id }: Invoice) => clean(number ?? id);

const state = ({ status, remaining, amount, currency }: Invoice) =>
  status === "open" && remaining !== amount ? `open, ${money(remaining, currency)} left` : status;

const tones: Record<string, keyof Paint> = { paid: "green", open: "yellow", uncollectible: "red" };

/** The invoices, and below them the page of each: an address is opened, so it is never cut. */
export function invoiceLines(invoices: readonly Invoice[], to: { width: number; paint: Paint }): string[] {
  const pages = invoices.flatMap((each) => (each.url === null ? [] : [{ name: nameOf(each), url: clean(each.url) }]));
  const names = Math.max(0, ...pages.map(({ name }) => widthOf(name)));
  return [
    ...table<Invoice>(
      [
        { title: "DATE", cell: ({ createdAt }) => moment(createdAt) },
        { title: "INVOICE", cell: nameOf, paint: (on, text) => on.bold(text) },
        { title: "AMOUNT", cell: ({ amount, currency }) => money(amount, currency), right: true },
        { title: "STATE", cell: state, paint: (on, text, { status }) => on[tones[status] ?? "dim"](text) },
        { title: "PAID", cell: ({ paidAt }) => moment(paidAt ?? undefined), keep: 2 },
        { title: "FOR", cell: ({ lines }) => lines.join(", "), keep: 1, least: 16 },
      ],
      invoices,
      to,
    ),
    ...(pages.length > 0 ? ["", to.paint.dim("To pay an open one, or its receipt:")] : []),
    ...pages.flatMap(({ name, url }) =>
      names + 4 + widthOf(url) <= to.width
        ? [`  ${pad(name, names)}  ${to.paint.cyan(url)}`]
        : [`  ${name}`, `  ${to.paint.cyan(url)}`],
    ),
  ];
}

export async function run(session: Session, { paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) => body(api.v1.billing.invoices.$get({ query })));
  show(session, page, () =>
    page.items.length === 0
      ? ["No invoices yet."]
      : [...invoiceLines(page.items, session.terminal), ...more(page.next, "berth billing invoices")],
  );
  return exits.done;
}
