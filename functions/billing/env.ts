import type { CommonEnv } from "@berth/aws/env.ts";

/** `STRIPE_SECRET` names the SSM parameter that holds the key. */
export interface BillingEnv extends CommonEnv {
  readonly STRIPE_SECRET: string;
}
