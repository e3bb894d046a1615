import type Stripe from "stripe";
import { missing } from "../errors.ts";
import { page } from "../list.ts";
import type { Api } from "./api.ts";

export function setupIntentRoutes({ on, world }: Api): void {
  on<Stripe.SetupIntentListParams>("get", "/v1/setup_intents", ({ input }) =>
    page(world, "/v1/setup_intents", [...world.state.setupIntents.values()], input, "setup_intent", {
      customer: (row) => row.customer,
      payment_method: (row) => row.payment_method,
    }),
  );
  on("get", "/v1/setup_intents/{id}", ({ params }) => {
    const intent = world.state.setupIntents.get(params.id!);
    if (!intent) throw missing("setup_intent", params.id!);
    return intent;
  });
}
