import type Stripe from "stripe";
import { cardOf, cardOfToken } from "../card.ts";
import { invalid, missing, Refusal } from "../errors.ts";
import { update } from "../event.ts";
import { getCustomer } from "../flows/customer.ts";
import { attachPaymentMethod, detachPaymentMethod, getPaymentMethod, savePaymentMethod } from "../flows/payment-method.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { World } from "../world.ts";
import type { Api } from "./api.ts";

export function paymentMethodRoutes({ on, world }: Api): void {
  on<Stripe.PaymentMethodCreateParams>("post", "/v1/payment_methods", ({ input }) => {
    const { number, token, exp_month, exp_year } = (input.card ?? {}) as {
      number?: string;
      token?: string;
      exp_month?: number;
      exp_year?: number;
    };
    const card = token ? cardOfToken(token) : cardOf(number ?? "");
    if (!card)
      throw new Refusal(402, {
        type: "card_error",
        code: "incorrect_number",
        message: "Your card number is incorrect.",
        param: "number",
      });
    return savePaymentMethod(world, card, {
      name: input.billing_details?.name || null,
      ...(exp_month && exp_year ? { expiry: { month: exp_month, year: exp_year } } : {}),
    });
  });

  on<Stripe.PaymentMethodListParams>("get", "/v1/payment_methods", ({ input }) =>
    methodsOf(world, "/v1/payment_methods", input.customer ?? null, input),
  );

  on<Stripe.CustomerListPaymentMethodsParams>("get", "/v1/customers/{id}/payment_methods", ({ params, input }) => {
    getCustomer(world, params.id!);
    return methodsOf(world, `/v1/customers/${params.id}/payment_methods`, params.id!, input);
  });

  on("get", "/v1/customers/{customer}/payment_methods/{id}", ({ params }) => {
    const method = getPaymentMethod(world, params.id!);
    if (method.customer !== params.customer) throw missing("PaymentMethod", method.id);
    return method;
  });

  on("get", "/v1/payment_methods/{id}", ({ params }) => getPaymentMethod(world, params.id!));

  on<Stripe.PaymentMethodUpdateParams>("post", "/v1/payment_methods/{id}", ({ params, input }) => {
    const method = getPaymentMethod(world, params.id!);
    if (!method.customer) throw invalid("You must save this PaymentMethod to a customer before you can update it.");
    update(world, "payment_method.updated", method, () => {
      method.metadata = mergeMetadata(method.metadata, input.metadata);
      if (input.billing_details?.name !== undefined) method.billing_details.name = input.billing_details.name || null;
      if (input.card?.exp_month !== undefined) method.card.exp_month = input.card.exp_month;
      if (input.card?.exp_year !== undefined) method.card.exp_year = input.card.exp_year;
    });
    return method;
  });

  on<Stripe.PaymentMethodAttachParams>("post", "/v1/payment_methods/{id}/attach", ({ params, input }) => {
    const known = cardOfToken(params.id!);
    const method = known ? savePaymentMethod(world, known, {}) : getPaymentMethod(world, params.id!);
    attachPaymentMethod(world, method, input.customer!);
    return method;
  });

  on("post", "/v1/payment_methods/{id}/detach", ({ params }) => {
    const method = getPaymentMethod(world, params.id!);
    if (!method.customer)
      throw invalid("The payment method you provided is not attached to a customer so detachment is impossible.");
    detachPaymentMethod(world, method);
    return method;
  });
}

function methodsOf(world: World, url: string, customer: string | null, input: object) {
  const rows = [...world.state.paymentMethods.values()].filter((method) => customer !== null && method.customer === customer);
  return page(world, url, rows, { ...input, customer: undefined }, "PaymentMethod", { type: (method) => method.type });
}
