import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { getCustomer } from "./customer.ts";
import { invalid, missing } from "./errors.ts";
import { emit, update } from "./event.ts";
import { page } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import { mint, type World } from "./world.ts";

/** What customers may do in the billing portal. The first configuration is the default. */
export interface PortalConfiguration {
  id: string;
  object: "billing_portal.configuration";
  active: boolean;
  application: null;
  business_profile: { headline: string | null; privacy_policy_url: string | null; terms_of_service_url: string | null };
  created: number;
  default_return_url: string | null;
  features: PortalFeatures;
  is_default: boolean;
  livemode: false;
  login_page: { enabled: false; url: null };
  metadata: Metadata;
  name: string | null;
  updated: number;
}

export interface PortalFeatures {
  customer_update: { allowed_updates: string[]; enabled: boolean };
  invoice_history: { enabled: boolean };
  payment_method_update: { enabled: boolean; payment_method_configuration: null };
  subscription_cancel: {
    cancellation_reason: { enabled: boolean; feedback_options: null; options: string[] };
    enabled: boolean;
    mode: "at_period_end" | "immediately";
    proration_behavior: string;
  };
  subscription_pause: { duration: { interval_options: never[]; type: "indefinite" }; enabled: boolean };
  subscription_update: {
    billing_cycle_anchor: string | null;
    default_allowed_updates: string[];
    enabled: boolean;
    proration_behavior: "none" | "create_prorations" | "always_invoice";
    schedule_at_period_end: { conditions: { type: string }[] };
    trial_update_behavior: "end_trial";
  };
}

export interface PortalProduct {
  product: string;
  prices: string[];
  adjustable_quantity: { enabled: boolean; maximum: null; minimum: number };
}

/** A customer's visit to the portal. Its address is the key to it and works for an hour. */
export interface PortalSession {
  id: string;
  object: "billing_portal.session";
  configuration: string;
  created: number;
  customer: string;
  customer_account: null;
  flow: null;
  livemode: false;
  locale: null;
  on_behalf_of: null;
  return_url: string | null;
  url: string;
}

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

/** The configuration of an id, or the refusal that fits where the id stood. */
export function getConfiguration(world: World, id: string, param = "id"): PortalConfiguration {
  const configuration = world.state.portalConfigurations.get(id);
  if (!configuration) throw missing("configuration", id, param);
  return configuration;
}

/** Open the portal for a customer and answer its address, if the portal is set up at all. */
export function openPortal(world: World, customer: string, returnUrl: string | null): string | undefined {
  const [configuration] = world.state.portalConfigurations.values();
  return configuration && startSession(world, customer, configuration, returnUrl).url;
}

function startSession(
  world: World,
  customer: string,
  configuration: PortalConfiguration,
  returnUrl: string | null,
): PortalSession {
  const session: PortalSession = {
    id: mint(world, "portalSession"),
    object: "billing_portal.session",
    configuration: configuration.id,
    created: world.state.time,
    customer,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: returnUrl,
    url: `${world.baseUrl}/p/session/test_${mint(world, "token")}`,
  };
  world.state.portalSessions.set(session.id, session);
  emit(world, "billing_portal.session.created", session);
  return session;
}

function defaultConfiguration(world: World): PortalConfiguration {
  const found = [...world.state.portalConfigurations.values()].find((row) => row.is_default);
  if (!found)
    throw invalid(
      "No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
    );
  return found;
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

function blankConfiguration(world: World): PortalConfiguration {
  return {
    id: mint(world, "portalConfiguration"),
    object: "billing_portal.configuration",
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: world.state.time,
    default_return_url: null,
    features: {
      customer_update: { allowed_updates: [], enabled: false },
      invoice_history: { enabled: false },
      payment_method_update: { enabled: false, payment_method_configuration: null },
      subscription_cancel: {
        cancellation_reason: { enabled: false, feedback_options: null, options: [] },
        enabled: false,
        mode: "at_period_end",
        proration_behavior: "none",
      },
      subscription_pause: { duration: { interval_options: [], type: "indefinite" }, enabled: false },
      subscription_update: {
        billing_cycle_anchor: null,
        default_allowed_updates: [],
        enabled: false,
        proration_behavior: "none",
        schedule_at_period_end: { conditions: [] },
        trial_update_behavior: "end_trial",
      },
    },
    is_default: world.state.portalConfigurations.size === 0,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: world.state.time,
  };
}
