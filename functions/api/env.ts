import type { CommonEnv } from "../world.ts";

/** The API's environment. `STRIPE_SECRET` names the SSM parameter that holds the key; the value itself is in no environment. */
export interface ApiEnv extends CommonEnv {
  readonly STRIPE_SECRET: string;
}
