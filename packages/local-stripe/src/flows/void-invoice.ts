import { invalid } from "../errors.ts";
import { emit, update } from "../event.ts";
import type { Invoice } from "../objects/invoice.ts";
import { timeOf, type World } from "../world.ts";
import { paymentOf } from "./invoice-payment.ts";
import { cancelIntent } from "./payment-intent.ts";

/** Take a bill back. This never changes what its subscription is. */
export function voidInvoice(world: World, invoice: Invoice): void {
  if (invoice.status !== "open" && invoice.status !== "uncollectible")
    throw invalid(`You can only void an invoice that is open or uncollectible; this one is ${invoice.status}.`);
  const payment = paymentOf(world, invoice.id);
  if (payment) cancelIntent(world, world.state.paymentIntents.get(payment.payment.payment_intent)!, "void_invoice");
  update(world, "invoice.updated", invoice, () => {
    invoice.status = "void";
    invoice.auto_advance = false;
    invoice.next_payment_attempt = null;
    invoice.status_transitions.voided_at = timeOf(world, invoice.test_clock);
  });
  emit(world, "invoice.voided", invoice);
}
