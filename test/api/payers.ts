import { afterAll, beforeAll } from "vitest";
import type { Payer } from "../billing/payer.ts";
import { openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { type TestApi, testApi } from "../support/api.ts";

export let stage: StripeStage;
export let api: TestApi;

export const ask = async (payer: Payer, method: "GET" | "POST", path: string, body?: object, headers = {}) => {
  const token = await payer.token(["billing"]);
  return api.call(method, `/v1/billing${path}`, { token, headers, ...(body && { body }) });
};

export async function bought(name: "solo" | "pro" = "solo"): Promise<Payer> {
  const payer = await stage.signUp();
  await payer.buy(name);
  return payer;
}

/** Does something while the product's next requests to Stripe fail. */
export async function withoutStripe<T>(work: () => Promise<T>): Promise<T> {
  stage.outage.stripe = 5;
  const done = await work();
  stage.outage.stripe = 0;
  return done;
}

/** A local Stripe and the API over it, for the tests of a file. */
export function useStripeStage(): void {
  beforeAll(async () => {
    stage = await openStripeStage();
    api = testApi(stage.test);
  });
  afterAll(() => stage.close());
}
