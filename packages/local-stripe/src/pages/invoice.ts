import type { Context, Hono } from "hono";
import { html, raw } from "hono/html";
import { Refusal } from "../errors.ts";
import { inOrder } from "../event.ts";
import { catchUp } from "../flows/clock.ts";
import { collect, failAuthentication } from "../flows/collect.ts";
import { methodFor } from "../flows/invoice.ts";
import { paymentOf } from "../flows/invoice-payment.ts";
import { money } from "../flows/line.ts";
import { attachPaymentMethod, savePaymentMethod } from "../flows/payment-method.ts";
import type { Invoice } from "../objects/invoice.ts";
import type { PaymentIntent } from "../objects/payment-intent.ts";
import { timeOf, type World } from "../world.ts";
import { cardFields, readCard, type TypedCard, testCards } from "./card-form.ts";
import { bankPage, gone, typedCard } from "./checkout.ts";
import { type Html, page, testMode } from "./page.ts";

const recoveryOrder = [
  "payment_method.attached",
  "customer.updated",
  "payment_intent.created",
  "charge.succeeded",
  "payment_intent.succeeded",
  "invoice.updated",
  "invoice.paid",
  "invoice.payment_succeeded",
  "customer.subscription.updated",
  "customer.subscription.pending_update_applied",
  "invoice_payment.paid",
];

/** An invoice's own page, where an open one can be paid, and the bank's page for a payment that waits for its holder. */
export function invoicePages(app: Hono, world: World): void {
  const found = (context: Context) => {
    catchUp(world);
    return world.state.invoices.get(context.req.param("invoice") ?? "");
  };

  app.get("/i/:invoice", (context) => {
    const invoice = found(context);
    return invoice
      ? context.html(invoicePage(world, invoice, { number: context.req.query("card") ?? "" }))
      : context.html(gone("There is no such invoice."), 404);
  });

  app.get("/i/:invoice/pdf", (context) => {
    const invoice = found(context);
    return invoice
      ? context.html(page(`Invoice ${invoice.number ?? ""}`, statement(world, invoice)))
      : context.html(gone("There is no such invoice."), 404);
  });

  app.post("/i/:invoice", async (context) => {
    const invoice = found(context);
    if (!invoice) return context.html(gone("There is no such invoice."), 404);
    const body = await context.req.parseBody();
    const form = typedCard(body);
    if (invoice.status !== "open") return context.html(invoicePage(world, invoice, {}), 409);
    const method = body.saved === "yes" ? methodFor(world, invoice) : saveTyped(world, invoice, form);
    if (method === null) return context.html(invoicePage(world, invoice, form, "There is no saved card."), 400);
    if (typeof method !== "string") return context.html(invoicePage(world, invoice, form, method.error), 402);
    return answer(context, world, invoice, form, () => collect(world, invoice, { method }));
  });

  app.get("/authenticate/:intent", (context) => {
    const waiting = waitingFor(world, context.req.param("intent"));
    if (!waiting) return context.html(gone("Nothing waits for your confirmation here."), 404);
    return context.html(bankPage(`/authenticate/${waiting.intent.id}`, waiting.intent.amount, waiting.intent.currency));
  });

  app.post("/authenticate/:intent", async (context) => {
    catchUp(world);
    const waiting = waitingFor(world, context.req.param("intent"));
    if (!waiting) return context.html(gone("Nothing waits for your confirmation here."), 404);
    const { intent, invoice } = waiting;
    const { answer: said } = await context.req.parseBody();
    const method = intent.payment_method ?? "";
    return answer(context, world, invoice, {}, () => {
      if (said === "approve") return collect(world, invoice, { method, authenticated: true });
      failAuthentication(world, invoice, intent);
      return "declined" as const;
    });
  });

  app.get("/receipts/:charge", (context) => {
    const charge = world.state.charges.get(context.req.param("charge"));
    return charge?.paid
      ? context.html(gone(`Receipt: ${money(charge.amount, charge.currency)} paid to Berth.`))
      : context.html(gone("There is no such receipt."), 404);
  });
}

function answer(
  context: Context,
  world: World,
  invoice: Invoice,
  form: Partial<TypedCard>,
  pay: () => ReturnType<typeof collect>,
): Response | Promise<Response> {
  const outcome = inOrder(world, recoveryOrder, pay);
  world.onChange();
  if (outcome === "paid") return context.redirect(`/i/${invoice.id}`, 303);
  const intent = intentOf(world, invoice);
  if (outcome === "action" && intent) return context.redirect(`/authenticate/${intent.id}`, 303);
  return context.html(invoicePage(world, invoice, form, intent?.last_payment_error?.message ?? "The payment failed."), 402);
}

// A card typed here is kept for later bills only if it was attached; one that is declined at once is not.
function saveTyped(world: World, invoice: Invoice, form: TypedCard): string | { error: string } {
  const now = timeOf(world, invoice.test_clock);
  const read = readCard(form, now);
  if ("error" in read) return read;
  const method = savePaymentMethod(world, read.card, {
    name: read.name,
    expiry: read.expiry,
    email: invoice.customer_email,
    at: now,
  });
  try {
    attachPaymentMethod(world, method, invoice.customer);
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message };
    throw error;
  }
  return method.id;
}

function waitingFor(world: World, id: string | undefined): { intent: PaymentIntent; invoice: Invoice } | undefined {
  const intent = world.state.paymentIntents.get(id ?? "");
  const tie = [...world.state.invoicePayments.values()].find((row) => row.payment.payment_intent === id);
  const invoice = world.state.invoices.get(tie?.invoice ?? "");
  return intent?.status === "requires_action" && invoice?.status === "open" ? { intent, invoice } : undefined;
}

function intentOf(world: World, invoice: Invoice): PaymentIntent | undefined {
  return world.state.paymentIntents.get(paymentOf(world, invoice.id)?.payment.payment_intent ?? "");
}

function statement(world: World, invoice: Invoice): Html {
  const day = (seconds: number | null) => (seconds === null ? "" : new Date(seconds * 1000).toISOString().slice(0, 10));
  return html`<section class="card stack" aria-labelledby="invoice">
<div>${testMode()}</div>
<h1 id="invoice">Invoice ${invoice.number ?? "(draft)"}</h1>
<p class="amount">${money(invoice.status === "paid" ? invoice.amount_paid : invoice.amount_due, invoice.currency)} <small>${invoice.status}</small></p>
<p class="soft">${day(invoice.status_transitions.finalized_at ?? invoice.created)} · ${invoice.customer_email ?? ""}</p>
<table><caption hidden>Lines</caption><tbody>
${invoice.lines.data.map((line) => html`<tr><th scope="row">${line.description}</th><td>${money(line.amount, line.currency)}</td></tr>`)}
${invoice.starting_balance === 0 ? "" : html`<tr><th scope="row">Balance carried over</th><td>${money(invoice.starting_balance, invoice.currency)}</td></tr>`}
<tr class="sum"><td>Amount due</td><td>${money(invoice.amount_due, invoice.currency)}</td></tr>
</tbody></table>
<p class="soft">Berth, ${new URL(world.baseUrl).host}</p>
</section>`;
}

function invoicePage(world: World, invoice: Invoice, form: Partial<TypedCard>, error?: string): Html {
  const path = `/i/${invoice.id}`;
  const saved = world.state.paymentMethods.get(methodFor(world, invoice) ?? "");
  if (invoice.status !== "open")
    return page(`Invoice ${invoice.number ?? ""}`, [
      statement(world, invoice),
      html`<p class="${invoice.status === "paid" ? "good" : "soft"}" role="status">This invoice is ${invoice.status}.${back(world, invoice)}</p>`,
    ]);
  return page(
    `Pay invoice ${invoice.number}`,
    [
      statement(world, invoice),
      html`<section class="stack" aria-labelledby="pay">
${error ? html`<p class="error" role="alert">${error}</p>` : ""}
${saved ? html`<form method="post" action="${path}" class="card stack"><h2>Saved card</h2><p><span class="brand">${saved.card.brand}</span> •••• ${saved.card.last4}</p><button class="main" name="saved" value="yes">Pay ${money(invoice.amount_due, invoice.currency)}</button></form>` : ""}
<form method="post" action="${path}" class="card stack"><h2 id="pay">Pay with ${saved ? "another" : "a"} card</h2>${cardFields(form)}<button ${saved ? "" : raw('class="main"')}>Pay with this card</button></form>
${testCards(path)}
</section>`,
    ],
    { two: true },
  );
}

// A real page leads back to nowhere; here it leads to where the customer's last visit to the portal came from.
function back(world: World, invoice: Invoice): Html {
  const visit = [...world.state.portalSessions.values()].findLast((session) => session.customer === invoice.customer);
  return visit?.return_url ? html` <a href="${visit.return_url}">Return to Berth</a>` : html``;
}
