import { closeDue } from "@berth/domain/closing/closing.ts";
import { afterAll, beforeAll } from "vitest";
import type { Payer } from "../billing/payer.ts";
import { openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { type TestApi, testApi } from "../support/api.ts";

export let stage: StripeStage;
export let api: TestApi;

export const close = (session: string, query = "") => api.call("DELETE", `/v1/account${query}`, { session });
export const soon = () => new Date(stage.test.world.now().getTime() + 60_000);
export const due = () => closeDue(stage.test.world, soon());

export interface Owner extends Payer {
  readonly session: string;
  readonly email: string;
}

/** Somebody who pays for a plan and is signed in. */
export async function owner(plan: "solo" | "pro" | null = "pro"): Promise<Owner> {
  const payer = await stage.signUp();
  if (plan) await payer.buy(plan);
  const { email } = payer.user;
  return { ...payer, email, session: await api.signIn(email) };
}

/** Everything of a tenant that is left, by what its rows are called, and where its address or its servers are still named. */
export function left(tenant: Owner): { rows: string[]; named: boolean } {
  const rows = JSON.parse(stage.test.dump()).Items as Record<string, { S?: string }>[];
  const of = rows.filter((row) => !row.pk?.S?.startsWith("RATE#") && JSON.stringify(row).includes(tenant.id));
  const named = rows.filter(({ pk }) => !pk?.S?.startsWith("RATE#"));
  return { rows: of.map(({ pk }) => pk?.S?.split("#")[0] ?? "").toSorted(), named: JSON.stringify(named).includes(tenant.email) };
}

/** A local Stripe and the API over it, for the tests of a file. */
export function useStripeStage(): void {
  beforeAll(async () => {
    stage = await openStripeStage();
    api = testApi(stage.test);
  });
  afterAll(() => stage.close());
}
