import { changePlan } from "@berth/domain/billing/buying/change.ts";
import { listInvoices } from "@berth/domain/billing/buying/invoices.ts";
import { expect, test } from "vitest";
import { cards } from "./payer.ts";
import { bought, card, change, post, stage, usePlanStage } from "./plan-stage.ts";
import { refused } from "./refused.ts";
import { DAY, HOUR } from "./stripe-stage.ts";

usePlanStage();

test("an upgrade that is paid counts at once, costs what the preview said, and is mailed", async () => {
  const ann = await bought("solo");
  const preview = await change(ann, "pro", true);
  expect(preview).toMatchObject({ from: "solo", plan: "pro", kind: "upgrade", status: "preview", currency: "usd", url: null });
  // 21 of 31 days: 900 back and 1900 asked, each line rounded to the cent by itself.
  expect(preview.due).toBe(-Math.round((900 * 21) / 31) + Math.round((1900 * 21) / 31));
  expect((await ann.account()).plan).toBe("solo");
  const done = await change(ann, "pro");
  expect(done).toMatchObject({ status: "done", due: preview.due });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", slotLimit: 10, targetLimit: 5, anomalies: [] });
  expect(ann.mails()).toEqual(["welcome", "upgraded"]);
  const { items } = await listInvoices(ann.ctx, { limit: 10 });
  expect(items.map(({ status, amount }) => [status, amount])).toEqual([
    ["paid", preview.due],
    ["paid", 900],
  ]);
  expect(items[0]?.lines).toHaveLength(2);
});

test("the same request again is the same answer and no second charge; the same key for another plan is refused", async () => {
  const ann = await bought("solo");
  const ctx = ann.once("key-1");
  const first = await changePlan(ctx, { plan: "pro" });
  const again = await changePlan(ctx, { plan: "pro" });
  expect(again).toMatchObject({ status: "done", due: first.due, from: "solo", kind: "upgrade" });
  expect(await refused(changePlan(ctx, { plan: "studio" }))).toMatchObject({ code: "idempotency.mismatch" });
  await stage.settle();
  expect((await listInvoices(ann.ctx, { limit: 10 })).items).toHaveLength(2);
});

/** From here on a process dies once Stripe has taken its change of a subscription, until the answer is called. */
async function dieAfterUpdate(): Promise<() => void> {
  const real = await stage.test.world.stripe();
  const update = real.subscriptions.update.bind(real.subscriptions);
  real.subscriptions.update = (async (...args: Parameters<typeof update>) => {
    await update(...args);
    throw new Error("killed");
  }) as unknown as typeof update;
  return () => {
    real.subscriptions.update = update;
  };
}

test("a process that dies after Stripe has taken the upgrade is made good by the repeat", async () => {
  const ann = await bought("solo");
  const ctx = ann.once("key-1");
  const revive = await dieAfterUpdate();
  const { done } = await stage.unheard(() => changePlan(ctx, { plan: "pro" }).catch((error: Error) => error.message));
  expect(done).toBe("killed");
  revive();
  expect(await changePlan(ctx, { plan: "pro" })).toMatchObject({ status: "done", kind: "upgrade" });
  expect(await ann.account()).toMatchObject({ plan: "pro" });
  expect((await listInvoices(ann.ctx, { limit: 10 })).items).toHaveLength(2);
});

test("a request that died is not repeated once Stripe may have forgotten it, lest it undo what was chosen since", async () => {
  const ann = await bought("solo");
  const revive = await dieAfterUpdate();
  const ctx = ann.once("key-1");
  await expect(changePlan(ctx, { plan: "pro" })).rejects.toThrow("killed");
  revive();
  await stage.settle();
  expect(await change(ann, "studio")).toMatchObject({ status: "done", from: "pro" });
  await stage.advance(DAY + HOUR);
  expect(await refused(changePlan(ctx, { plan: "pro" }))).toMatchObject({ code: "version.stale" });
  expect(await ann.account()).toMatchObject({ plan: "studio", pendingPlan: null });
  expect((await listInvoices(ann.ctx, { limit: 10 })).items).toHaveLength(3);
});

test("an upgrade whose bank asks changes nothing until its page is answered, and then counts", async () => {
  const ann = await bought("solo");
  stage.control.failCards(await ann.customer(), "authentication_required");
  const asked = await change(ann, "pro");
  expect(asked).toMatchObject({ status: "payment_needed" });
  expect(asked.url).toContain("/i/");
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", graceUntil: null, anomalies: [] });
  expect(await ann.state()).toBe("active");
  // Asked again: the same page, no second bill.
  expect(await change(ann, "pro")).toMatchObject({ status: "payment_needed", url: asked.url });
  expect(await refused(change(ann, "studio"))).toMatchObject({ code: "billing.change_pending" });
  stage.control.fixCards(await ann.customer());
  await post(String(asked.url), { saved: "yes" });
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", anomalies: [] });
  expect(ann.mails()).toEqual(["welcome", "upgraded"]);
});

test("an upgrade that is declined begins no grace; another card on its page makes it count", async () => {
  const ann = await bought("solo");
  stage.control.failNextCharge("generic_decline");
  const declined = await change(ann, "studio");
  expect(declined).toMatchObject({ status: "payment_needed" });
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", graceUntil: null });
  await post(String(declined.url), card(cards.works));
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "studio", slotLimit: 30 });
});

test("an upgrade that nobody pays lapses after a day and leaves everything as it was", async () => {
  const ann = await bought("solo");
  stage.control.failNextCharge("generic_decline");
  await change(ann, "pro");
  await stage.advance(DAY);
  expect((await ann.subscription()).pending_update).toBeNull();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", graceUntil: null, anomalies: [] });
  expect(ann.mails()).toEqual(["welcome"]);
  expect(await change(ann, "pro")).toMatchObject({ status: "done" });
});
