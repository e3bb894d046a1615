import type Stripe from "stripe";
import { getCharge } from "../flows/charge.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";

export function chargeRoutes({ on, world }: Api): void {
  on<Stripe.ChargeListParams>("get", "/v1/charges", ({ input }) =>
    page(world, "/v1/charges", [...world.state.charges.values()], input, "charge", {
      customer: (charge) => charge.customer,
      payment_intent: (charge) => charge.payment_intent,
    }),
  );
  on("get", "/v1/charges/{id}", ({ params }) => getCharge(world, params.id!));
}
