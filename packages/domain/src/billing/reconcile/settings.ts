import type Stripe from "stripe";
import type { World } from "../../context.ts";
import { pricingPlans } from "../../pricing/plans.ts";
import { portalConfiguration, portalConfigurationOf } from "../buying/portal.ts";
import { API_VERSION, eventTypes } from "../stripe/events.ts";

/** Settings made by hand at Stripe that fail silently. Retries and mails are visible only in its dashboard: see docs/stripe.md. */
export async function settingsDrift(world: World): Promise<string[]> {
  const stripe = await world.stripe();
  return [...(await endpointDrift(world, stripe)), ...(await priceDrift(stripe)), ...(await portalDrift(world, stripe))];
}

async function endpointDrift({ origin }: World, stripe: Stripe): Promise<string[]> {
  const url = `${origin}/webhooks/stripe`;
  const { data } = await stripe.webhookEndpoints.list({ limit: 100 });
  const found = data.filter((endpoint) => endpoint.url === url);
  const [endpoint] = found;
  if (!endpoint) return [`endpoint: none for ${url}`];
  const wanted = new Set<string>(eventTypes);
  const given = new Set(endpoint.enabled_events);
  const missing = eventTypes.filter((type) => !given.has(type) && !given.has("*"));
  const extra = [...given].filter((type) => !wanted.has(type));
  return [
    ...(found.length > 1 ? [`endpoint: ${found.length} for ${url}`] : []),
    ...(endpoint.status === "enabled" ? [] : [`endpoint: ${endpoint.status}`]),
    ...(endpoint.api_version === API_VERSION ? [] : [`endpoint: version ${endpoint.api_version}, not ${API_VERSION}`]),
    ...(missing.length > 0 ? [`endpoint: does not hear ${missing.join(", ")}`] : []),
    ...(extra.length > 0 ? [`endpoint: hears ${extra.join(", ")}`] : []),
  ];
}

async function priceDrift(stripe: Stripe): Promise<string[]> {
  const { data } = await stripe.prices.list({ lookup_keys: pricingPlans.map(({ lookupKey }) => lookupKey), limit: 100 });
  return pricingPlans.flatMap((plan) => {
    const price = data.find((each) => each.lookup_key === plan.lookupKey);
    if (!price) return [`price: none for ${plan.lookupKey}`];
    const is = `${price.unit_amount} ${price.currency} each ${price.recurring?.interval_count} ${price.recurring?.interval}`;
    const should = `${plan.price} ${plan.currency} each 1 month`;
    return [
      ...(price.active ? [] : [`price: ${plan.lookupKey} is not active`]),
      ...(is === should ? [] : [`price: ${plan.lookupKey} is ${is}, not ${should}`]),
    ];
  });
}

async function portalDrift({ origin }: World, stripe: Stripe): Promise<string[]> {
  const found = await portalConfigurationOf(stripe);
  // It is created when the portal is first opened.
  if (!found) return [];
  const features = found.features as unknown as Record<string, Record<string, unknown>>;
  const wanted = portalConfiguration(origin).features as unknown as Record<string, Record<string, unknown>>;
  return Object.entries(wanted).flatMap(([feature, settings]) =>
    Object.entries(settings).flatMap(([name, value]) => {
      const is = JSON.stringify(sorted(features[feature]?.[name]));
      const should = JSON.stringify(sorted(value));
      return is === should ? [] : [`portal: ${feature}.${name} is ${is}, not ${should}`];
    }),
  );
}

const sorted = (value: unknown) => (Array.isArray(value) ? value.toSorted() : value);
