import { invalid, missing } from "../errors.ts";
import { emit } from "../event.ts";
import type { PortalConfiguration, PortalSession } from "../objects/portal.ts";
import { mint, type World } from "../world.ts";

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

export function startSession(
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

export function defaultConfiguration(world: World): PortalConfiguration {
  const found = [...world.state.portalConfigurations.values()].find((row) => row.is_default);
  if (!found)
    throw invalid(
      "No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
    );
  return found;
}

export function blankConfiguration(world: World): PortalConfiguration {
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
