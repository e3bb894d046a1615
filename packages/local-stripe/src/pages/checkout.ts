import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { authenticateCheckout, type CheckoutOutcome, payCheckout } from "../flows/checkout.ts";
import { catchUp } from "../flows/clock.ts";
import { money, rhythmWords } from "../flows/line.ts";
import { openPortal } from "../flows/portal.ts";
import { isLive } from "../flows/subscription.ts";
import type { CheckoutRecord } from "../objects/checkout.ts";
import { timeOf, type World } from "../world.ts";
import { cardFields, readCard, type TypedCard, testCards } from "./card-form.ts";
import { type Html, page, testMode } from "./page.ts";

/** The page on which a checkout session is paid: `/c/pay/<session>`, and the bank's own page behind it. */
export function checkoutPages(app: Hono, world: World): void {
  const record = (context: Context) => {
    catchUp(world);
    return world.state.checkouts.get(context.req.param("session") ?? "");
  };

  app.get("/c/pay/:session", (context) => {
    const found = record(context);
    if (!found) return context.html(gone("There is no such checkout."), 404);
    if (found.session.status !== "open") return context.html(closed(found), found.session.status === "complete" ? 200 : 410);
    const portal = alreadySubscribed(world, found);
    if (portal) return context.redirect(portal, 303);
    return context.html(payPage(world, found, { number: context.req.query("card") ?? "" }));
  });

  app.post("/c/pay/:session", async (context) => {
    const found = record(context);
    if (!found) return context.html(gone("There is no such checkout."), 404);
    const form = typedCard(await context.req.parseBody());
    if (found.session.status !== "open") return context.html(closed(found), 409);
    const read = readCard(form, timeOf(world, world.state.customers.get(found.session.customer)?.test_clock ?? null));
    if ("error" in read) return context.html(payPage(world, found, form, read.error), 400);
    return settle(context, world, found, form, payCheckout(world, found, read.card, read));
  });

  app.get("/c/pay/:session/authenticate", (context) => {
    const found = record(context);
    if (!found) return context.html(gone("There is no such checkout."), 404);
    if (found.session.status !== "open") return context.html(closed(found), 409);
    return context.html(bankPage(`/c/pay/${found.session.id}/authenticate`, found.session.amount_total, found.session.currency));
  });

  app.post("/c/pay/:session/authenticate", async (context) => {
    const found = record(context);
    if (!found) return context.html(gone("There is no such checkout."), 404);
    const { answer } = await context.req.parseBody();
    return settle(context, world, found, {}, authenticateCheckout(world, found, answer === "approve"));
  });
}

/** What the bank asks its cardholder: is this you? */
export function bankPage(action: string, amount: number, currency: string): Html {
  return page(
    "Confirm the payment",
    html`
<section class="card stack narrow">
<div>${testMode()}</div>
<h1>3D Secure: confirm the payment</h1>
<p>Your bank asks whether you want to pay <strong>${money(amount, currency)}</strong> to Berth.</p>
<form method="post" action="${action}" class="stack">
<button class="main" name="answer" value="approve">Complete authentication</button>
<button class="bad" name="answer" value="refuse">Fail authentication</button>
</form>
</section>`,
  );
}

/** The card form as posted. */
export function typedCard(body: Record<string, unknown>): TypedCard {
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  return { number: text("number"), expiry: text("expiry"), cvc: text("cvc"), name: text("name") };
}

function settle(
  context: Context,
  world: World,
  record: CheckoutRecord,
  form: Partial<TypedCard>,
  outcome: CheckoutOutcome,
): Response | Promise<Response> {
  world.onChange();
  switch (outcome.kind) {
    case "complete":
      return context.redirect(record.session.success_url!.replaceAll("{CHECKOUT_SESSION_ID}", record.session.id), 303);
    case "action":
      return context.redirect(`/c/pay/${record.session.id}/authenticate`, 303);
    case "declined":
      return context.html(payPage(world, record, form, outcome.message), 402);
    case "closed":
      return context.html(closed(record), 409);
  }
}

function payPage(world: World, record: CheckoutRecord, form: Partial<TypedCard>, error?: string): Html {
  const { session, items } = record;
  const email = world.state.customers.get(session.customer)?.email ?? "";
  const [first] = items;
  const path = `/c/pay/${session.id}`;
  return page(
    `Subscribe to ${first!.description}`,
    html`
<section aria-labelledby="what">
<div class="row">${session.cancel_url ? html`<a href="${session.cancel_url}">← Back</a>` : html`<span></span>`}${testMode()}</div>
<h1 id="what">Subscribe to ${first!.description}</h1>
<p class="amount">${money(session.amount_total, session.currency)} <small>per ${rhythmWords(first!.price)}</small></p>
<table><caption hidden>What you buy</caption><tbody>
${items.map((item) => html`<tr><th scope="row">${item.description}${item.quantity > 1 ? html` × ${item.quantity}` : ""}<br><span class="soft">Billed every ${rhythmWords(item.price)}</span></th><td>${money(item.amount_total, item.currency)}</td></tr>`)}
<tr class="sum"><td>Total due today</td><td>${money(session.amount_total, session.currency)}</td></tr>
</tbody></table>
</section>
<section class="stack" aria-labelledby="pay">
<form method="post" action="${path}" class="card stack">
<h2 id="pay">Pay with card</h2>
${error ? html`<p class="error" role="alert" id="error">${error}</p>` : ""}
<div><label for="email">Email</label><input id="email" type="email" value="${email}" readonly></div>
${cardFields(form)}
<button class="main" type="submit">Subscribe</button>
<p class="soft" style="margin:0">You will be charged ${money(session.amount_total, session.currency)} every ${rhythmWords(first!.price)} until you cancel. No real money moves on this page.</p>
</form>
${testCards(path)}
</section>`,
    { two: true },
  );
}

// The switch acts when the page is opened, not when the session is made.
function alreadySubscribed(world: World, { session }: CheckoutRecord): string | undefined {
  if (!world.state.settings.limitOneSubscription) return undefined;
  const has = [...world.state.subscriptions.values()].some((row) => row.customer === session.customer && isLive(row));
  return has ? openPortal(world, session.customer, session.cancel_url) : undefined;
}

function closed({ session }: CheckoutRecord): Html {
  return session.status === "complete"
    ? gone("This checkout is complete. Thank you.")
    : gone("This checkout has expired. Go back and start again.");
}

/** A page that says one thing. */
export function gone(words: string): Html {
  return page(words, html`<section class="card stack narrow"><div>${testMode()}</div><h1>${words}</h1></section>`);
}
