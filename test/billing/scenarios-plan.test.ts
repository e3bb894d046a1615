import { changePlan } from "@berth/domain/billing/change.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cards, DAY, HOUR, openTill, type Till } from "./till.ts";

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterAll(() => till.close());

test("an upgrade that is paid counts at once", async () => {
  const ann = await till.signUp();
  await ann.buy("solo");
  await till.advance(10 * DAY);
  const preview = await changePlan(ann.ctx, { plan: "pro", preview: true });
  const done = await changePlan(ann.ctx, { plan: "pro" });
  console.log(preview, done);
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", slotLimit: 10, anomalies: [] });
});

test("a downgrade waits for the boundary", async () => {
  const ann = await till.signUp();
  await ann.buy("pro");
  await till.advance(10 * DAY);
  const done = await changePlan(ann.ctx, { plan: "solo" });
  console.log(done);
  await till.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", pendingPlan: "solo", anomalies: [] });
  await till.advance(22 * DAY);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo", pendingPlan: null, anomalies: [] });
  expect(ann.mails()).toEqual(["welcome", "downgrade-planned", "downgraded"]);
});
test("grace", async () => {
  const ann = await till.signUp();
  await ann.buy("solo", cards.attachesThenDeclines).catch((e) => console.log(e));
  const bob = await till.signUp();
  await bob.buy("solo");
  till.control.failCards(await bob.customer(), "generic_decline");
  await till.advance(31 * DAY + 2 * HOUR);
  console.log(await bob.account());
  await till.advance(7 * DAY + 2 * HOUR);
  console.log(await bob.state(), bob.mails());
  till.control.mendCards(await bob.customer());
  const sub = await bob.subscription();
  await till.stripe.invoices.pay(sub.latest_invoice as string);
  await till.settle();
  console.log(await bob.state(), bob.mails());
});
