import type { CommonEnv } from "@berth/aws/env.ts";

/** `STRIPE_SECRET` names the SSM parameter that holds the key. */
export interface ApiEnv extends CommonEnv {
  readonly STRIPE_SECRET: string;
}
