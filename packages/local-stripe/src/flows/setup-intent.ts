import { emit } from "../event.ts";
import type { SetupIntent } from "../objects/setup-intent.ts";
import { mint, timeOf, type World } from "../world.ts";

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
