import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { emit, update } from "../event.ts";
import { getCustomer } from "../flows/customer.ts";
import { blankConfiguration, defaultConfiguration, getConfiguration, startSession } from "../flows/portal.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { PortalConfiguration } from "../objects/portal.ts";
import type { World } from "../world.ts";
import type { Api } from "./api.ts";

type AskedFeatures =
  | Stripe.BillingPortal.ConfigurationCreateParams.Features
  | Stripe.BillingPortal.ConfigurationUpdateParams.Features;

export function portalRoutes({ on, world }: Api): void {
  on<Stripe.BillingPortal.ConfigurationCreateParams>("post", "/v1/billing_portal/configurations", ({ input }) => {
    const configuration = blankConfiguration(world);
    configure(world, configuration, input);
    world.state.portalConfigurations.set(configuration.id, configuration);
    emit(world, "billing_portal.configuration.created", configuration);
    return configuration;
  });

  on<Stripe.BillingPortal.ConfigurationListParams>("get", "/v1/billing_portal/configurations", ({ input }) =>
    page(world, "/v1/billing_portal/configurations", [...world.state.portalConfigurations.values()], input, "configuration", {
      active: (row) => row.active,
      is_default: (row) => row.is_default,
    }),
  );

  on("get", "/v1/billing_portal/configurations/{id}", ({ params }) => getConfiguration(world, params.id!));

  on<Stripe.BillingPortal.ConfigurationUpdateParams>("post", "/v1/billing_portal/configurations/{id}", ({ params, input }) => {
    const configuration = getConfiguration(world, params.id!);
    update(world, "billing_portal.configuration.updated", configuration, () => {
      configure(world, configuration, input);
      if (input.active !== undefined) configuration.active = input.active;
      configuration.updated = world.state.time;
    });
    return configuration;
  });

  on<Stripe.BillingPortal.SessionCreateParams>("post", "/v1/billing_portal/sessions", ({ input }) => {
    if (input.flow_data) throw invalid("This account opens the portal on its front page only.", { param: "flow_data" });
    const customer = getCustomer(world, input.customer!, "customer");
    const configuration = input.configuration
      ? getConfiguration(world, input.configuration, "configuration")
      : defaultConfiguration(world);
    return startSession(world, customer.id, configuration, input.return_url ?? configuration.default_return_url);
  });
}

function configure(
  world: World,
  configuration: PortalConfiguration,
  input: Stripe.BillingPortal.ConfigurationUpdateParams,
): void {
  if (input.default_return_url !== undefined) configuration.default_return_url = input.default_return_url || null;
  if (input.name !== undefined) configuration.name = input.name || null;
  const { headline, privacy_policy_url, terms_of_service_url } = input.business_profile ?? {};
  if (headline !== undefined) configuration.business_profile.headline = headline || null;
  if (privacy_policy_url !== undefined) configuration.business_profile.privacy_policy_url = privacy_policy_url || null;
  if (terms_of_service_url !== undefined) configuration.business_profile.terms_of_service_url = terms_of_service_url || null;
  configuration.metadata = mergeMetadata(configuration.metadata, input.metadata);
  if (input.features) feature(world, configuration, input.features);
}

function feature(world: World, { id, features }: PortalConfiguration, asked: AskedFeatures): void {
  const {
    customer_update,
    invoice_history,
    payment_method_update,
    subscription_cancel,
    subscription_pause,
    subscription_update,
  } = asked;
  if (customer_update?.enabled !== undefined) features.customer_update.enabled = customer_update.enabled;
  if (customer_update?.allowed_updates !== undefined)
    features.customer_update.allowed_updates = customer_update.allowed_updates || [];
  if (invoice_history) features.invoice_history.enabled = invoice_history.enabled;
  if (payment_method_update) features.payment_method_update.enabled = payment_method_update.enabled;
  if (subscription_pause?.enabled !== undefined) features.subscription_pause.enabled = subscription_pause.enabled;
  if (subscription_cancel) {
    const cancel = features.subscription_cancel;
    if (subscription_cancel.enabled !== undefined) cancel.enabled = subscription_cancel.enabled;
    if (subscription_cancel.mode) cancel.mode = subscription_cancel.mode as typeof cancel.mode;
    if (subscription_cancel.proration_behavior) cancel.proration_behavior = subscription_cancel.proration_behavior;
    if (subscription_cancel.cancellation_reason)
      Object.assign(cancel.cancellation_reason, {
        enabled: subscription_cancel.cancellation_reason.enabled,
        options: subscription_cancel.cancellation_reason.options || [],
      });
  }
  if (!subscription_update) return;
  const switching = features.subscription_update;
  if (subscription_update.enabled !== undefined) switching.enabled = subscription_update.enabled;
  if (subscription_update.default_allowed_updates !== undefined)
    switching.default_allowed_updates = subscription_update.default_allowed_updates || [];
  if (subscription_update.proration_behavior)
    switching.proration_behavior = subscription_update.proration_behavior as typeof switching.proration_behavior;
  if (subscription_update.billing_cycle_anchor) switching.billing_cycle_anchor = subscription_update.billing_cycle_anchor;
  const conditions = subscription_update.schedule_at_period_end?.conditions;
  if (conditions !== undefined)
    switching.schedule_at_period_end = { conditions: (conditions || []).map(({ type }) => ({ type })) };
  if (subscription_update.products !== undefined)
    world.state.portalProducts.set(
      id,
      (subscription_update.products || []).map(({ product, prices }) => ({
        product,
        prices,
        adjustable_quantity: { enabled: false, maximum: null, minimum: 1 },
      })),
    );
}
