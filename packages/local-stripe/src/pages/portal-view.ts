import { html } from "hono/html";
import { money, rhythmWords } from "../flows/line.ts";
import { currentPhase, scheduleOf } from "../flows/schedule.ts";
import { paidUntil } from "../flows/subscription.ts";
import type { Customer } from "../objects/customer.ts";
import type { PortalConfiguration, PortalSession } from "../objects/portal.ts";
import type { Price } from "../objects/price.ts";
import type { Subscription } from "../objects/subscription.ts";
import type { World } from "../world.ts";
import { cardFields, type TypedCard, testCards } from "./card-form.ts";
import { type Html, page, testMode } from "./page.ts";

/** A visit to the portal with what it is about. */
export interface Visit {
  path: string;
  session: PortalSession;
  customer: Customer;
  configuration: PortalConfiguration;
  subscription: Subscription | undefined;
}

const notices: Record<string, string> = {
  card: "Your card was saved and will be charged from now on.",
  removed: "The card was removed.",
  canceled: "Your plan was canceled.",
  renewed: "Your plan will renew again.",
  switched: "Your plan was changed.",
  scheduled: "Your plan will change at the end of the period.",
};

const reasons = [
  ["too_expensive", "It is too expensive"],
  ["missing_features", "I need more features"],
  ["switched_service", "I found something else"],
  ["unused", "I do not use it"],
  ["other", "Something else"],
] as const;

/** The portal's front page: plan, cards, invoices. */
export function frontPage(
  world: World,
  visit: Visit,
  { error, done = "", card = "", typed }: { error?: string; done?: string; card?: string; typed?: TypedCard },
): Html {
  const { customer, session, configuration, path } = visit;
  const { features } = configuration;
  return page("Billing", [
    html`<header class="row">${session.return_url ? html`<a href="${session.return_url}">← Return to Berth</a>` : html`<span></span>`}${testMode()}</header>
<div><h1>Billing for ${customer.email ?? customer.id}</h1>${configuration.business_profile.headline ? html`<p class="soft">${configuration.business_profile.headline}</p>` : ""}</div>
${error ? html`<p class="error" role="alert">${error}</p>` : ""}${notices[done] ? html`<p class="note" role="status">${notices[done]}</p>` : ""}`,
    planSection(world, visit),
    features.payment_method_update.enabled ? cardSection(world, visit, typed ?? { number: card }) : html``,
    features.payment_method_update.enabled ? testCards(path) : html``,
    features.invoice_history.enabled ? invoiceSection(world, visit) : html``,
  ]);
}

/** Asks whether the plan is really to end. */
export function cancelPage({ path, configuration, subscription }: Visit): Html {
  const atEnd = configuration.features.subscription_cancel.mode === "at_period_end";
  return page(
    "Cancel your plan",
    html`<section class="card stack narrow">
<div>${testMode()}</div><h1>Cancel your plan</h1>
<p>${atEnd ? html`Your plan stays as it is until <strong>${day(paidUntil(subscription!))}</strong> and then ends.` : "Your plan ends at once."}${subscription!.schedule ? " A change of plan that is waiting will not happen." : ""}</p>
<form method="post" action="${path}/cancel" class="stack">
<div><label for="feedback">Why do you cancel? (optional)</label><select id="feedback" name="feedback"><option value="">Choose a reason</option>${reasons.map(([value, words]) => html`<option value="${value}">${words}</option>`)}</select></div>
<button class="bad">Cancel plan</button><a href="${path}">Go back</a></form></section>`,
  );
}

/** Shows the plans that can be switched to, with what each costs. */
export function switchPage(world: World, { path, configuration, subscription }: Visit): Html {
  const current = subscription!.items.data[0]!.price;
  const offered = (world.state.portalProducts.get(configuration.id) ?? [])
    .flatMap(({ prices }) => prices.map((id) => world.state.prices.get(id)))
    .filter((price): price is Price => price !== undefined);
  const later = configuration.features.subscription_update.schedule_at_period_end.conditions.some(
    ({ type }) => type === "decreasing_item_amount",
  );
  return page(
    "Change your plan",
    html`<section class="card stack narrow">
<div>${testMode()}</div><h1>Change your plan</h1>
<form method="post" action="${path}/switch" class="stack">
${offered.map(
  (
    price,
  ) => html`<label class="row"><span><input type="radio" name="price" value="${price.id}" required ${price.id === current.id ? "disabled" : ""}> ${world.state.products.get(price.product)?.name ?? ""}</span>
<span>${money(price.unit_amount, price.currency)} per ${rhythmWords(price)}${price.id === current.id ? " (yours)" : later && price.unit_amount < current.unit_amount ? ` from ${day(paidUntil(subscription!))}` : " at once"}</span></label>`,
)}
<button class="main">Change plan</button><a href="${path}">Go back</a></form></section>`,
  );
}

function planSection(world: World, { path, configuration, subscription }: Visit): Html {
  if (!subscription) return html`<section class="card stack"><h2>Current plan</h2><p>You have no plan.</p></section>`;
  const item = subscription.items.data[0]!;
  const { subscription_cancel: cancel, subscription_update: switching } = configuration.features;
  return html`<section class="card stack" aria-labelledby="plan"><h2 id="plan">Current plan</h2>
<div><strong>${world.state.products.get(item.price.product)?.name ?? ""}</strong><p class="amount">${money(item.price.unit_amount * item.quantity, item.price.currency)} <small>per ${rhythmWords(item.price)}</small></p>
<p class="${owes(subscription) ? "error" : "soft"}" role="status">${standing(world, subscription)}</p></div>
<div class="row" style="justify-content:flex-start">
${switching.enabled && !subscription.cancel_at_period_end && subscription.status === "active" ? html`<a class="button" href="${path}/switch">Change plan</a>` : ""}
${subscription.cancel_at_period_end ? html`<form method="post" action="${path}/renew"><button>Renew plan</button></form>` : cancel.enabled ? html`<a class="button" href="${path}/cancel">Cancel plan</a>` : ""}
</div></section>`;
}

function owes({ status }: Subscription): boolean {
  return status === "past_due" || status === "unpaid";
}

function standing(world: World, subscription: Subscription): string {
  if (owes(subscription)) return "A payment failed. Pay the open invoice below.";
  if (subscription.status === "paused") return "Your plan is paused.";
  if (subscription.cancel_at_period_end) return `Ends on ${day(paidUntil(subscription))}.`;
  const schedule = scheduleOf(world, subscription);
  const running = schedule && currentPhase(schedule);
  const next = running && schedule.phases[running.index + 1];
  const product = world.state.prices.get(next?.items[0]?.price ?? "")?.product;
  if (next && product) return `Changes to ${world.state.products.get(product)?.name} on ${day(next.start_date)}.`;
  return `Renews on ${day(paidUntil(subscription))}.`;
}

function cardSection(world: World, { path, customer, subscription }: Visit, typed: Partial<TypedCard>): Html {
  const methods = [...world.state.paymentMethods.values()].filter((method) => method.customer === customer.id);
  const charged = subscription?.default_payment_method ?? customer.invoice_settings.default_payment_method;
  return html`<section class="card stack" aria-labelledby="cards"><h2 id="cards">Cards</h2>
${methods.length ? "" : html`<p>No card is saved.</p>`}
${methods.map(
  (
    method,
  ) => html`<div class="row"><span><span class="brand">${method.card.brand}</span> •••• ${method.card.last4} <span class="soft">${method.card.exp_month}/${method.card.exp_year}</span>${method.id === charged ? html` <span class="good">in use</span>` : ""}</span>
${method.id === charged ? "" : html`<form method="post" action="${path}/card/${method.id}" class="row"><button name="act" value="default">Use this card</button><button class="bad" name="act" value="remove">Remove</button></form>`}</div>`,
)}
<details ${typed.number || methods.length === 0 ? "open" : ""}><summary>Add a card</summary><form method="post" action="${path}/card" class="stack" style="margin-top:1rem">${cardFields(typed)}<button class="main">Save card</button></form></details></section>`;
}

function invoiceSection(world: World, { customer }: Visit): Html {
  const invoices = [...world.state.invoices.values()]
    .filter((invoice) => invoice.customer === customer.id && invoice.status !== "draft")
    .reverse();
  return html`<section class="card stack" aria-labelledby="invoices"><h2 id="invoices">Invoices</h2>
${
  invoices.length
    ? html`<table><thead><tr><th scope="col">Date</th><th scope="col">Amount</th><th scope="col">Status</th></tr></thead><tbody>
${invoices.map((invoice) => html`<tr><td><a href="/i/${invoice.id}">${day(invoice.created)}</a></td><td style="text-align:left">${money(invoice.total, invoice.currency)}</td><td>${invoice.status === "open" ? html`<a href="/i/${invoice.id}">Pay now</a>` : invoice.status}</td></tr>`)}
</tbody></table>`
    : html`<p>There are no invoices.</p>`
}</section>`;
}

function day(seconds: number): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(
    seconds * 1000,
  );
}
