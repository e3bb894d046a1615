import { expect } from "vitest";
import type { Payer } from "../billing/payer.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, ask, bought, stage, useStripeStage, withoutStripe } from "./payers.ts";

useStripeStage();

const plan = (payer: Payer, name: string, more = {}) => ask(payer, "POST", "/plan", { plan: name, ...more });

/** Somebody whose account says so without Stripe having been asked. */
async function standing(state: "active" | "grace" | "restricted" | "none") {
  const tenant = await testTenant(api, { state });
  return { tenant, token: await tenant.token(["billing"]) };
}

covers("changePlan", "200", "previews, upgrades at once, plans a downgrade and takes it back", async () => {
  const ann = await bought();
  const preview = await plan(ann, "pro", { preview: true });
  expect(preview.body).toMatchObject({ status: "preview", kind: "upgrade", from: "solo", due: 1000, currency: "usd" });
  expect((await plan(ann, "pro")).body).toMatchObject({ status: "done", due: 1000 });
  await stage.settle();
  expect((await plan(ann, "solo")).body).toMatchObject({ status: "planned", kind: "downgrade" });
  await stage.settle();
  expect((await ask(ann, "GET", "")).body).toMatchObject({ plan: "pro", pendingPlan: "solo" });
  expect((await plan(ann, "pro")).body).toMatchObject({ status: "done", kind: "keep" });
  await stage.settle();
  expect((await ask(ann, "GET", "")).body).toMatchObject({ plan: "pro", pendingPlan: null });
});

covers("changePlan", "billing.required", "who has no plan chooses one first", async () => {
  const { token } = await standing("none");
  const { body } = await api.call("POST", "/v1/billing/plan", { token, body: { plan: "pro" } });
  expect(body).toMatchObject({ status: 402, code: "billing.required", fix_url: "https://berth.test/plans" });
});

covers("changePlan", "billing.grace", "an open bill is paid first", async () => {
  const { tenant, token } = await standing("grace");
  const { body } = await api.call("POST", "/v1/billing/plan", { token, body: { plan: "studio" } });
  expect(body).toMatchObject({ status: 402, code: "billing.grace", until: (await tenant.account()).graceUntil });
});

covers("changePlan", "billing.restricted", "an open bill is paid first", async () => {
  const { token } = await standing("restricted");
  const { body } = await api.call("POST", "/v1/billing/plan", { token, body: { plan: "studio" } });
  expect(body).toMatchObject({ status: 402, code: "billing.restricted", fix_url: "https://berth.test/billing" });
});

covers("changePlan", "billing.hold", "a dispute is settled first", async () => {
  const { tenant, token } = await standing("active");
  await tenant.hold();
  const { body } = await api.call("POST", "/v1/billing/plan", { token, body: { plan: "studio" } });
  expect(body).toMatchObject({ status: 402, code: "billing.hold" });
});

covers("changePlan", "billing.no_subscription", "there must be something to change", async () => {
  const { token } = await standing("active");
  const { body } = await api.call("POST", "/v1/billing/plan", { token, body: { plan: "studio" } });
  expect(body).toMatchObject({ status: 409, code: "billing.no_subscription" });
});

covers("changePlan", "billing.same_plan", "the plan one has is no change", async () => {
  expect((await plan(await bought("pro"), "pro")).body).toMatchObject({ status: 409, code: "billing.same_plan" });
});

covers("changePlan", "billing.change_pending", "a change that waits to be paid comes first, and its page is told", async () => {
  const ann = await bought();
  stage.control.failNextCharge("generic_decline");
  const waiting = await plan(ann, "pro");
  expect(waiting.body).toMatchObject({ status: "payment_needed", url: expect.stringContaining("/i/") });
  await stage.settle();
  expect((await plan(ann, "studio")).body).toMatchObject({ status: 409, code: "billing.change_pending", url: waiting.body.url });
});

covers("changePlan", "billing.canceling", "who has canceled takes that back first", async () => {
  const ann = await bought();
  await stage.stripe.subscriptions.update((await ann.subscription()).id, { cancel_at_period_end: true });
  await stage.settle();
  expect((await plan(ann, "pro")).body).toMatchObject({ status: 409, code: "billing.canceling" });
});

covers("changePlan", "version.stale", "what Stripe changed without a word is caught up with first", async () => {
  const ann = await bought();
  const { id } = await ann.subscription();
  await stage.unheard(() => stage.stripe.subscriptions.cancel(id));
  expect((await plan(ann, "pro")).body).toMatchObject({ status: 409, code: "version.stale" });
  expect((await plan(ann, "pro")).body).toMatchObject({ status: 402, code: "billing.restricted" });
});

covers(
  "changePlan",
  "idempotency.mismatch",
  "a key used for another plan is refused, the same again is the same answer",
  async () => {
    const ann = await bought();
    const headers = { "idempotency-key": "k1" };
    const first = await ask(ann, "POST", "/plan", { plan: "pro" }, headers);
    expect((await ask(ann, "POST", "/plan", { plan: "pro" }, headers)).body).toEqual(first.body);
    expect((await ask(ann, "POST", "/plan", { plan: "studio" }, headers)).body).toMatchObject({ code: "idempotency.mismatch" });
  },
);

covers("changePlan", "billing.unavailable", "Stripe's silence changes nothing", async () => {
  const ann = await bought();
  const { body } = await withoutStripe(() => plan(ann, "pro"));
  expect(body).toMatchObject({ status: 503, code: "billing.unavailable" });
  expect((await ann.account()).plan).toBe("solo");
});
