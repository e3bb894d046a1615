import { useInfiniteQuery } from "@tanstack/preact-query";
import { invoicesQuery } from "../queries.ts";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Older } from "../ui/older.tsx";
import { Section } from "../ui/page.tsx";
import { Status, type Tone } from "../ui/status.tsx";
import { Day } from "../ui/time.tsx";
import { money } from "./plan-card.tsx";

const words: Record<string, { tone: Tone; word: string }> = {
  paid: { tone: "good", word: "Paid" },
  open: { tone: "bad", word: "Open" },
  void: { tone: "off", word: "Void" },
  uncollectible: { tone: "bad", word: "Uncollectible" },
};

const isWeb = (url: string | null) => url !== null && /^https?:\/\//.test(url);

/** The account's bills, newest first, with Stripe's page of each. */
export function Invoices() {
  const pages = useInfiniteQuery(invoicesQuery);
  return (
    <Section title="Invoices">
      <Loaded query={pages} lines={2}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="No bill yet" />
          ) : (
            <ul class="rows">
              {items.map((bill) => {
                const { tone, word } = words[bill.status] ?? { tone: "off" as const, word: bill.status };
                return (
                  <li key={bill.id} class="row">
                    <div class="row-main">
                      <h3 class="row-title">
                        {isWeb(bill.url) ? (
                          <a href={bill.url ?? undefined} rel="noreferrer">
                            {bill.number ?? bill.id}
                          </a>
                        ) : (
                          (bill.number ?? bill.id)
                        )}
                      </h3>
                      <p class="row-sub">
                        <Day at={bill.createdAt} />
                        <span class="break">{bill.lines.join("; ")}</span>
                      </p>
                    </div>
                    <strong>{money(bill.amount, bill.currency)}</strong>
                    <Status tone={tone}>{word}</Status>
                  </li>
                );
              })}
            </ul>
          );
        }}
      </Loaded>
      <Older of={pages}>Older invoices</Older>
    </Section>
  );
}
