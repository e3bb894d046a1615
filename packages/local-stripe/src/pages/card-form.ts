import { html } from "hono/html";
import { type Card, cardOf, cards } from "../card.ts";
import type { Html } from "./page.ts";

export interface TypedCard {
  number: string;
  expiry: string;
  cvc: string;
  name: string;
}

/** The fields in which a card is typed, filled in with what was typed before or chosen from the list of test cards. */
export function cardFields(typed: Partial<TypedCard>): Html {
  const chosen = typed.number ?? "";
  return html`
<div><label for="number">Card number</label><input id="number" name="number" inputmode="numeric" autocomplete="cc-number" placeholder="1234 1234 1234 1234" required value="${chosen}"></div>
<div class="pair">
<div><label for="expiry">Expiry</label><input id="expiry" name="expiry" inputmode="numeric" autocomplete="cc-exp" placeholder="MM / YY" required value="${typed.expiry ?? (chosen ? "12 / 40" : "")}"></div>
<div><label for="cvc">Security code</label><input id="cvc" name="cvc" inputmode="numeric" autocomplete="cc-csc" placeholder="CVC" required value="${typed.cvc ?? (chosen ? "123" : "")}"></div>
</div>
<div><label for="name">Name on card</label><input id="name" name="name" autocomplete="cc-name" required value="${typed.name ?? (chosen ? "Test Customer" : "")}"></div>`;
}

/** The test cards, each a link that fills in the form. */
export function testCards(path: string): Html {
  return html`<details class="card"><summary>Test cards</summary>
<ul class="cards">${cards.map((card) => html`<li><a href="${path}?card=${card.number}"><code>${spaced(card.number)}</code><span class="soft">${card.says}</span></a></li>`)}</ul>
</details>`;
}

/** The card that was typed, or what is wrong with it. `now` is epoch seconds. */
export function readCard(
  form: TypedCard,
  now: number,
): { card: Card; name: string | null; expiry: { month: number; year: number } } | { error: string } {
  const card = cardOf(form.number);
  if (!card) return { error: "Your card number is invalid. This page takes test cards only: choose one from the list." };
  const found = /^\s*(\d{1,2})\s*\/\s*(\d{2}|\d{4})\s*$/.exec(form.expiry);
  if (!found) return { error: "Your card's expiration date is incomplete." };
  const month = Number(found[1]);
  const year = (Number(found[2]) % 100) + 2000;
  if (month < 1 || month > 12) return { error: "Your card's expiration date is invalid." };
  if (Date.UTC(year, month) / 1000 <= now) return { error: "Your card's expiration year is in the past." };
  if (!/^\d{3,4}$/.test(form.cvc.trim())) return { error: "Your card's security code is incomplete." };
  return { card, name: form.name.trim() || null, expiry: { month, year } };
}

function spaced(number: string): string {
  return number.replaceAll(/(\d{4})(?=\d)/g, "$1 ");
}
