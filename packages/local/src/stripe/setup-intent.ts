import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { missing } from "./errors.ts";
import { emit } from "./event.ts";
import { page } from "./list.ts";
import type { Metadata } from "./metadata.ts";
import { mint, timeOf, type World } from "./world.ts";

/** A card saved for later without a charge; the billing portal makes one for each card it takes. */
export interface SetupIntent {
  id: string;
  object: "setup_intent";
  customer: string;
  created: number;
  payment_method: string | null;
  status: "requires_payment_method" | "requires_action" | "succeeded";
  metadata: Metadata;
  [unused: string]: unknown;
}

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

/** Put on record that a card was saved. */
export function recordSetup(world: World, customer: { id: string; test_clock: string | null }, method: string): SetupIntent {
  const id = mint(world, "setupIntent");
  const intent: SetupIntent = {
    id,
    object: "setup_intent",
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${mint(world, "token")}`,
    created: timeOf(world, customer.test_clock),
    customer: customer.id,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: method,
    payment_method_configuration_details: null,
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: "automatic" } },
    payment_method_types: ["card"],
    single_use_mandate: null,
    status: "succeeded",
    usage: "off_session",
  };
  world.state.setupIntents.set(id, intent);
  emit(world, "setup_intent.created", intent);
  emit(world, "setup_intent.succeeded", intent);
  return intent;
}
