import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStripe } from "@berth/local-stripe/stripe.ts";
import Stripe from "stripe";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, connect, createBench, createTap, type Sold, sell, startAt, subscribe } from "./harness.ts";

let bench: Bench;
let sold: Sold;

beforeEach(async () => {
  bench = await createBench();
  sold = await sell(bench.stripe);
});
afterEach(() => bench.close());

test("two requests under one key at once: the second is refused with 409, and the SDK's own retry gets the first one's answer", async () => {
  bench.control.settings({ latencyMs: 150 });
  const create = (retries: number) =>
    bench.stripe.customers.create({ email: "race@example.com" }, { idempotencyKey: "race", maxNetworkRetries: retries });
  const [first, second] = await Promise.allSettled([create(0), create(0)]);
  const refused = [first, second].find((result) => result.status === "rejected") as PromiseRejectedResult;
  expect(refused.reason).toMatchObject({ statusCode: 409, code: "idempotency_key_in_use" });
  const [one, two] = await Promise.all([create(2), create(2)]);
  expect(one!.id).toBe(two!.id);
  expect((await bench.stripe.customers.list({ email: "race@example.com" })).data).toHaveLength(1);
});

test("ordered failures come once each and leave nothing behind, so that the SDK's retry succeeds", async () => {
  bench.control.refuseNext(500, 429);
  await expect(bench.stripe.customers.create({ email: "lost@example.com" })).rejects.toBeInstanceOf(Stripe.errors.StripeAPIError);
  await expect(bench.stripe.customers.create({ email: "lost@example.com" })).rejects.toBeInstanceOf(
    Stripe.errors.StripeRateLimitError,
  );
  bench.control.refuseNext(503);
  const made = await bench.stripe.customers.create({ email: "lost@example.com" }, { maxNetworkRetries: 1 });
  expect((await bench.stripe.customers.list({ email: "lost@example.com" })).data.map((row) => row.id)).toEqual([made.id]);
});

test("a draft that cannot become final is told of, collects nothing, leaves the subscription active, and can be put right by hand", async () => {
  const subscription = await subscribe(bench.stripe, sold);
  bench.control.failFinalization(sold.customer.id, "customer_tax_location_invalid");
  bench.control.advance(subscription.items.data[0]!.current_period_end - startAt);
  bench.happened();
  bench.control.advance(7200);
  expect(bench.happened()).toEqual(["invoice.updated", "invoice.finalization_failed"]);
  const { latest_invoice: invoice, status } = await bench.stripe.subscriptions.retrieve(subscription.id, {
    expand: ["latest_invoice"],
  });
  expect([status, (invoice as Stripe.Invoice).status, (invoice as Stripe.Invoice).last_finalization_error?.code]).toEqual([
    "active",
    "draft",
    "customer_tax_location_invalid",
  ]);
  const id = (invoice as Stripe.Invoice).id!;
  await expect(bench.stripe.invoices.finalizeInvoice(id)).rejects.toMatchObject({
    statusCode: 400,
    code: "customer_tax_location_invalid",
  });
  bench.control.failFinalization(sold.customer.id, null);
  expect((await bench.stripe.invoices.finalizeInvoice(id)).status).toBe("open");
  bench.control.advance(3600);
  expect(await bench.stripe.invoices.retrieve(id)).toMatchObject({ status: "paid", attempt_count: 1 });
});

test("while a secret is being replaced both sign, and after a day only the new one", async () => {
  const tap = await createTap();
  const endpoint = await bench.stripe.webhookEndpoints.create({ url: tap.url, enabled_events: ["customer.created"] });
  const fresh = bench.control.rollSecret(endpoint.id);
  const accepted = async () => {
    await bench.stripe.customers.create({});
    await bench.control.idle();
    const { body, signature } = tap.taken.at(-1)!;
    return [endpoint.secret!, fresh].map((secret) => {
      try {
        return bench.stripe.webhooks.constructEvent(body, signature, secret, 300, undefined, startAt * 1000).object;
      } catch (error) {
        return (error as Error).message.split(" ")[0];
      }
    });
  };
  expect(await accepted()).toEqual(["event", "event"]);
  bench.control.advance(86_400);
  expect(await accepted()).toEqual(["No", "event"]);
  tap.close();
});

test("an endpoint made with an older version hears the older shape", async () => {
  const tap = await createTap();
  await bench.stripe.webhookEndpoints.create({
    url: tap.url,
    enabled_events: ["customer.subscription.created", "invoice.paid"],
    api_version: "2024-06-20",
  });
  const subscription = await subscribe(bench.stripe, sold);
  await bench.control.idle();
  tap.close();
  const events = tap.taken.map(
    ({ body }) => JSON.parse(body) as { type: string; api_version: string; data: { object: Record<string, unknown> } },
  );
  expect(events.map((event) => [event.type, event.api_version]).toSorted()).toEqual([
    ["customer.subscription.created", "2024-06-20"],
    ["invoice.paid", "2024-06-20"],
  ]);
  const object = (type: string) => events.find((event) => event.type === type)!.data.object;
  expect(object("customer.subscription.created")).toMatchObject({ current_period_start: startAt });
  expect(object("invoice.paid")).toMatchObject({ subscription: subscription.id });
  expect(object("invoice.paid").parent).toBeUndefined();
});

test("what is not simulated is refused by name, a path and a parameter alike", async () => {
  await expect(bench.stripe.invoices.create({ customer: sold.customer.id })).rejects.toMatchObject({
    statusCode: 501,
    message: "The local Stripe does not simulate POST /v1/invoices.",
  });
  await expect(
    bench.stripe.checkout.sessions.create({
      mode: "subscription",
      customer: sold.customer.id,
      line_items: [{ price: sold.prices.solo.id, quantity: 1 }],
      success_url: "http://127.0.0.1/ok",
      automatic_tax: { enabled: true },
    }),
  ).rejects.toMatchObject({ statusCode: 400, param: "automatic_tax" });
});

test("searching by metadata and fields finds what fits, newest first", async () => {
  const one = await bench.stripe.customers.create({ email: "find@example.com", metadata: { org_id: "t_7" } });
  const two = await bench.stripe.customers.create({ email: "find@example.com", metadata: { org_id: "t_8" } });
  expect((await bench.stripe.customers.search({ query: "email:'find@example.com'" })).data.map((row) => row.id)).toEqual([
    two.id,
    one.id,
  ]);
  expect(
    (await bench.stripe.customers.search({ query: "metadata['org_id']:'t_7' AND email:'find@example.com'" })).data.map(
      (row) => row.id,
    ),
  ).toEqual([one.id]);
  await expect(bench.stripe.customers.search({ query: "nonsense" })).rejects.toMatchObject({ statusCode: 400, param: "query" });
});

test("walking lets every delivery settle before the next thing falls due", async () => {
  const subscription = await subscribe(bench.stripe, sold);
  await bench.control.idle();
  const before = bench.received.length;
  await bench.control.walk(subscription.items.data[0]!.current_period_end - startAt + 3600);
  const types = bench.received.slice(before).map(({ event }) => event.type);
  expect(types.indexOf("invoice.created")).toBeLessThan(types.indexOf("invoice.finalized"));
  expect(types).toContain("invoice.paid");
});

test("the control is also at hand over HTTP, and refuses what it does not know", async () => {
  const post = (path: string, body: unknown) =>
    fetch(`${bench.server.url}/_sim${path}`, { method: "POST", body: JSON.stringify(body) });
  const before = ((await (await fetch(`${bench.server.url}/_sim/now`)).json()) as { now: number }).now;
  expect(await (await post("/advance", { seconds: 60 })).json()).toEqual({ now: before + 60 });
  expect((await post("/advance", { seconds: -1 })).status).toBe(400);
  expect((await post("/chaos", { nonsense: true })).status).toBe(400);
  expect((await post("/chaos", "rough")).status).toBe(200);
  expect((await post("/reset", {})).status).toBe(200);
  expect((await bench.stripe.customers.list()).data).toEqual([]);
});

test("a test clock that was moving when the process ended goes on when it starts again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stripe-"));
  const options = { now: () => startAt * 1000, folder };
  const first = await createStripe(options).serve();
  const stripe = connect(first);
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: startAt });
  await subscribe(stripe, await sell(stripe, { testClock: clock.id }));
  first.control.settings({ clockStepMs: 60_000 });
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: startAt + 40 * 86_400 });
  first.control.settings({ clockStepMs: 0 });
  await first.close();

  const second = await createStripe(options).serve();
  const again = connect(second);
  while ((await again.testHelpers.testClocks.retrieve(clock.id)).status !== "ready");
  expect((await again.invoices.list()).data).toHaveLength(2);
  await second.close();
  rmSync(folder, { recursive: true });
});
