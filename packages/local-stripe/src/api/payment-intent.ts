import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { confirmInvoicePayment } from "../flows/collect.ts";
import { getPaymentIntent } from "../flows/payment-intent.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";
import { search } from "./search.ts";

export function paymentIntentRoutes({ on, world }: Api): void {
  on<Stripe.PaymentIntentListParams>("get", "/v1/payment_intents", ({ input }) =>
    page(world, "/v1/payment_intents", [...world.state.paymentIntents.values()], input, "payment_intent", {
      customer: (intent) => intent.customer,
    }),
  );
  on<Stripe.PaymentIntentSearchParams>("get", "/v1/payment_intents/search", ({ input }) =>
    search("/v1/payment_intents/search", [...world.state.paymentIntents.values()], input),
  );

  on("get", "/v1/payment_intents/{id}", ({ params }) => getPaymentIntent(world, params.id!));
  on<Stripe.PaymentIntentConfirmParams>("post", "/v1/payment_intents/{id}/confirm", ({ params, input }) => {
    const intent = getPaymentIntent(world, params.id!);
    if (intent.status === "succeeded" || intent.status === "canceled")
      throw invalid(`You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`, {
        code: "payment_intent_unexpected_state",
      });
    confirmInvoicePayment(world, intent, input.payment_method);
    return intent;
  });
}
