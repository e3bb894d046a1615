import type { CommonEnv } from "@berth/aws/env.ts";

/** The API's environment. `STRIPE_SECRET` names the SSM parameter that holds the key; the value itself is in no environment. */
export interface ApiEnv extends CommonEnv {
  readonly STRIPE_SECRET: string;
}
