import { API_VERSION } from "@berth/domain/billing/stripe/events.ts";
import type Stripe from "stripe";
import { need, type Vars } from "./env.ts";
import { parameter } from "./parameter.ts";

/** A live key is never used with another address. */
export function stripeOf(env: Vars): () => Promise<Stripe> {
  let made: { key: string; client: Stripe } | undefined;
  return async () => {
    const key = await parameter(env, need(env, "STRIPE_SECRET"));
    if (made?.key === key) return made.client;
    const { default: Client } = await import("stripe");
    const local =
      env.STAGE === "local" && !key.startsWith("sk_live_") && env.LOCAL_STRIPE !== undefined
        ? new URL(env.LOCAL_STRIPE)
        : undefined;
    const address = local && { host: local.hostname, port: Number(local.port), protocol: "http" as const };
    made = {
      key,
      client: new Client(key, {
        apiVersion: API_VERSION,
        maxNetworkRetries: 2,
        timeout: 15_000,
        telemetry: false,
        ...address,
      }),
    };
    return made.client;
  };
}
