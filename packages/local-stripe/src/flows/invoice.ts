import { missing } from "../errors.ts";
import { emit, update } from "../event.ts";
import { whole } from "../list.ts";
import type { Customer } from "../objects/customer.ts";
import type { BillingReason, Invoice } from "../objects/invoice.ts";
import type { Line } from "../objects/line.ts";
import type { Subscription } from "../objects/subscription.ts";
import { mint, timeOf, type World } from "../world.ts";
import { moveBalance } from "./customer.ts";

// Less than this cannot be charged to a card; it is put on the customer's balance and asked for with the next bill.
const smallestChargeCents = 50;

/** The invoice of an id, or the refusal that fits where the id stood. */
export function getInvoice(world: World, id: string, param = "id"): Invoice {
  const invoice = world.state.invoices.get(id);
  if (!invoice) throw missing("invoice", id, param);
  return invoice;
}

/** A subscription's invoices, oldest first. */
export function invoicesOf(world: World, subscription: string): Invoice[] {
  return [...world.state.invoices.values()].filter(
    (invoice) => invoice.parent?.subscription_details.subscription === subscription,
  );
}

/** The subscription that an invoice bills, if any. */
export function subscriptionOf(world: World, invoice: Invoice): Subscription | undefined {
  return invoice.parent ? world.state.subscriptions.get(invoice.parent.subscription_details.subscription) : undefined;
}

export interface Draft {
  customer: Customer;
  currency: string;
  reason: BillingReason;
  lines: Line[];
  period: { start: number; end: number };
  subscription?: Subscription;
  /** When it becomes final by itself; an invoice without it is finalized by the flow that made it. */
  finalizesAt?: number;
}

/** An invoice as it would be, on no record yet. */
export function sketch(world: World, { customer, currency, reason, lines, period, subscription, finalizesAt }: Draft): Invoice {
  const id = mint(world, "invoice");
  const invoice: Invoice = {
    id,
    object: "invoice",
    account_country: "US",
    account_name: "Berth",
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: finalizesAt ?? null,
    billing_reason: reason,
    collection_method: subscription?.collection_method ?? "charge_automatically",
    created: timeOf(world, customer.test_clock),
    currency,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: customer.address,
    customer_email: customer.email,
    customer_name: customer.name,
    customer_phone: customer.phone,
    customer_shipping: null,
    customer_tax_exempt: customer.tax_exempt,
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: whole(
      `/v1/invoices/${id}/lines`,
      lines.map((line) => ({ ...line, invoice: id })),
    ),
    livemode: false,
    metadata: {},
    // One second before it becomes final, as recorded from the real service.
    next_payment_attempt: finalizesAt === undefined ? null : finalizesAt - 1,
    number: null,
    on_behalf_of: null,
    parent: subscription
      ? {
          quote_details: null,
          subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
          type: "subscription_details",
        }
      : null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: period.end,
    period_start: period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: customer.balance,
    statement_descriptor: null,
    status: "draft",
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: customer.test_clock,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
  addUp(invoice);
  return invoice;
}

/** Put a new draft on record. */
export function draftInvoice(world: World, draft: Draft): Invoice {
  const invoice = sketch(world, draft);
  world.state.invoices.set(invoice.id, invoice);
  if (draft.subscription) draft.subscription.latest_invoice = invoice.id;
  emit(world, "invoice.created", invoice);
  return invoice;
}

/** Set the totals from the lines and the customer's balance. */
export function addUp(invoice: Invoice): void {
  const total = invoice.lines.data.reduce((sum, line) => sum + line.amount, 0);
  const owed = Math.max(0, total + invoice.starting_balance);
  const due = owed < smallestChargeCents ? 0 : owed;
  Object.assign(invoice, {
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
    amount_due: due,
    amount_remaining: due,
    ending_balance: invoice.status === "draft" ? null : total + invoice.starting_balance - due,
  });
  invoice.lines.total_count = invoice.lines.data.length;
}

/** Make a draft final: it gets its number and its pages, and takes what the customer's balance offers. */
export function finalizeInvoice(world: World, invoice: Invoice): void {
  const customer = world.state.customers.get(invoice.customer);
  if (!customer || invoice.status !== "draft") return;
  const at = timeOf(world, invoice.test_clock);
  const { unfinalizable } = world.state.settings;
  const code = unfinalizable[customer.id] ?? unfinalizable.all;
  // A first bill is final before it can be paid at all, so nothing can be wrong with it.
  if (code !== undefined && invoice.billing_reason !== "subscription_create") {
    failFinalization(world, invoice, code);
    return;
  }
  update(world, "invoice.updated", invoice, () => {
    invoice.last_finalization_error = null;
    invoice.status = "open";
    invoice.starting_balance = customer.balance;
    invoice.number = `${customer.invoice_prefix}-${String(customer.next_invoice_sequence).padStart(4, "0")}`;
    invoice.hosted_invoice_url = `${world.baseUrl}/i/${invoice.id}`;
    invoice.invoice_pdf = `${world.baseUrl}/i/${invoice.id}/pdf`;
    invoice.effective_at = at;
    invoice.status_transitions.finalized_at = at;
    invoice.automatically_finalizes_at = null;
    invoice.webhooks_delivered_at = at;
    invoice.next_payment_attempt = null;
    addUp(invoice);
  });
  customer.next_invoice_sequence += 1;
  const moved = (invoice.ending_balance ?? 0) - invoice.starting_balance;
  if (moved !== 0) moveBalance(world, customer, moved, "applied_to_invoice", invoice.id, invoice.currency);
  emit(world, "invoice.finalized", invoice);
}

// The draft stays one and is not tried again by itself; its subscription goes on as if nothing was owed.
function failFinalization(world: World, invoice: Invoice, code: string): void {
  update(world, "invoice.updated", invoice, () => {
    invoice.last_finalization_error = { type: "invalid_request_error", code, message: "The invoice could not be finalized." };
    invoice.next_payment_attempt = null;
    invoice.automatically_finalizes_at = null;
  });
  emit(world, "invoice.finalization_failed", invoice);
}

/** Which of a customer's payment methods an invoice is charged to; a subscription's own default comes before the customer's. */
export function methodFor(world: World, invoice: Invoice): string | null {
  const customer = world.state.customers.get(invoice.customer);
  return (
    invoice.default_payment_method ??
    subscriptionOf(world, invoice)?.default_payment_method ??
    customer?.invoice_settings.default_payment_method ??
    null
  );
}
