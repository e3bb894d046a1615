import { afterAll, beforeAll, expect, test } from "vitest";
import { cards, openTill, type Till } from "./till.ts";

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterAll(() => till.close());

test("a paid checkout makes the account active on the plan that was bought, with its limits", async () => {
  const ann = await till.signUp();
  const account = await ann.buy("pro");
  expect(account).toMatchObject({ kind: "good", plan: "pro", slotLimit: 10, targetLimit: 5, anomalies: [], graceUntil: null });
  expect(ann.mails()).toEqual(["welcome"]);
});

test("3D Secure", async () => {
  const ann = await till.signUp();
  expect(await ann.buy("solo", cards.asks)).toMatchObject({ kind: "good", plan: "solo" });
});
