import type Stripe from "stripe";
import { endpoint, need } from "./world.ts";

/** Pinned in four places: here, the SDK, the webhook endpoint and the local Stripe. */
export const STRIPE_VERSION = "2026-10-28.endive";

const KEEP_MILLISECONDS = 5 * 60_000;
const kept = new Map<string, { value: string; until: number }>();

type Vars = Readonly<Record<string, string | undefined>>;

/** A decrypted parameter of SSM's store, kept at most five minutes. @throws when it does not exist */
export async function parameter(env: Vars, name: string): Promise<string> {
  const known = kept.get(name);
  if (known && known.until > Date.now()) return known.value;
  const { readParameter } = await import("./ssm.ts");
  const value = await readParameter(endpoint(env, "ssm"), name);
  if (!value) throw new Error(`parameter ${name} is empty`);
  kept.set(name, { value, until: Date.now() + KEEP_MILLISECONDS });
  return value;
}

/** A client of Stripe, made at the first use. A live key is never pointed at another address. */
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
        apiVersion: STRIPE_VERSION,
        maxNetworkRetries: 2,
        timeout: 15_000,
        telemetry: false,
        ...address,
      }),
    };
    return made.client;
  };
}
