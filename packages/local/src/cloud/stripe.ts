import { API_VERSION, eventTypes } from "@berth/domain/billing/stripe/events.ts";
import { pricingPlans } from "@berth/domain/pricing/plans.ts";
import { createStripe, type Stripe, type StripeServer } from "@berth/local-stripe/stripe.ts";
import Client from "stripe";
import { nearby } from "../state/server.ts";

export interface LocalStripe {
  readonly stripe: Stripe;
  readonly server: StripeServer;
  readonly client: Client;
  /** Sells the plans, where they are not sold yet. */
  seed(): Promise<void>;
}

/** A Stripe account with the product's plans in it and its webhook endpoint: one, at this address, with this secret. */
export async function startStripe(options: {
  readonly port: number;
  readonly key: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly folder?: string | undefined;
}): Promise<LocalStripe> {
  const { port, key, folder } = options;
  const stripe = createStripe({ ...(folder !== undefined && { folder }) });
  const server = await nearby(port, (at) => stripe.serve({ port: at }));
  const client = new Client(key, { host: "127.0.0.1", port: server.port, protocol: "http", telemetry: false });
  const local: LocalStripe = {
    stripe,
    server,
    client,
    async seed() {
      // Endpoints made for another port reach nobody.
      for await (const endpoint of client.webhookEndpoints.list()) await client.webhookEndpoints.del(endpoint.id);
      const { webhookUrl: url, webhookSecret: secret } = options;
      stripe.addWebhook({ url, events: [...eventTypes], secret, version: API_VERSION });
      const known = await client.prices.list({ lookup_keys: pricingPlans.map((plan) => plan.lookupKey) });
      for (const plan of pricingPlans) {
        if (known.data.some((price) => price.lookup_key === plan.lookupKey)) continue;
        const product = await client.products.create({ name: `Berth ${plan.title}`, metadata: { plan: plan.name } });
        await client.prices.create({
          product: product.id,
          currency: plan.currency,
          unit_amount: plan.price,
          recurring: { interval: "month" },
          lookup_key: plan.lookupKey,
        });
      }
    },
  };
  return local;
}
