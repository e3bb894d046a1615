import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStripe } from "@berth/local-stripe/stripe.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, connect, createBench, sell, startAt, subscribe } from "./harness.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

test("every event arrives, signed so that the SDK accepts it, in two-space JSON with the recorded headers", async () => {
  const sold = await sell(bench.stripe);
  await subscribe(bench.stripe, sold);
  await bench.control.idle();
  expect(bench.received.map(({ event }) => event.id).toSorted()).toEqual(
    bench.control
      .events()
      .map((event) => event.id)
      .toSorted(),
  );
  const { body, headers, event } = bench.received.find((row) => row.event.type === "customer.subscription.created")!;
  expect(body).toBe(JSON.stringify(JSON.parse(body), null, 2));
  expect(headers).toMatchObject({
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
  });
  expect(headers["stripe-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64},v0=[0-9a-f]{64}$/);
  expect(event).toMatchObject({ api_version: "2026-10-28.endive", livemode: false, data: { object: { status: "active" } } });
  expect(
    bench.received.filter(({ event: { type, id } }) =>
      type.startsWith("charge.") || type.startsWith("payment_intent.") ? !id.startsWith("evt_3") : !id.startsWith("evt_1"),
    ),
  ).toEqual([]);
});

test("a body that was written anew, another secret and an old time do not verify", async () => {
  const { body, headers } = bench.received[0]!;
  const signature = headers["stripe-signature"] as string;
  const verify = (text: string, secret: string, at: number) =>
    bench.stripe.webhooks.constructEvent(text, signature, secret, 300, undefined, at * 1000);
  expect(verify(body, bench.secret, startAt).object).toBe("event");
  expect(() => verify(JSON.stringify(JSON.parse(body)), bench.secret, startAt)).toThrow("No signatures found");
  expect(() => verify(body, "whsec_other", startAt)).toThrow("No signatures found");
  expect(() => verify(body, bench.secret, startAt + 301)).toThrow("Timestamp outside the tolerance zone");
});

test("an event that caused a request names it, one that time caused does not", async () => {
  const { customer } = await sell(bench.stripe);
  await bench.stripe.customers.update(customer.id, { name: "Ann" }, { idempotencyKey: "named" });
  const event = bench.control.events().at(-1)!;
  expect(event).toMatchObject({
    type: "customer.updated",
    request: { idempotency_key: "named", id: expect.stringMatching(/^req_/) },
    data: { previous_attributes: { name: null } },
  });
});

test("a delivery that is answered 500 or redirected comes again until it is taken", async () => {
  await bench.control.idle();
  const before = bench.received.length;
  bench.answers.push(500, 302);
  await sell(bench.stripe);
  await bench.control.idle();
  const [delivery] = bench.control.deliveries().slice(-1);
  expect(bench.received).toHaveLength(before + 1);
  expect(delivery).toMatchObject({ status: "delivered", attempts: [{ status: 500 }, { status: 302 }, { status: 200 }] });
  expect((await bench.stripe.events.list({ delivery_success: false })).data).toEqual([]);
});

test("a delivery that is never taken ends as failed, is listed as undelivered, and can be delivered again", async () => {
  bench.answers.push(500, 500, 500, 500);
  const { customer } = await sell(bench.stripe);
  await bench.control.idle();
  expect(bench.control.deliveries().at(-1)).toMatchObject({ status: "failed" });
  const [undelivered] = (await bench.stripe.events.list({ delivery_success: false, types: ["customer.created"] })).data;
  expect(undelivered).toMatchObject({ pending_webhooks: 1, data: { object: { id: customer.id } } });
  bench.control.redeliver(undelivered!.id);
  await bench.control.idle();
  expect(bench.received.at(-1)!.event.id).toBe(undelivered!.id);
});

test("an endpoint hears only what it asked for, and its secret is shown once", async () => {
  const endpoint = await bench.stripe.webhookEndpoints.create({
    url: "http://127.0.0.1:9/none",
    enabled_events: ["invoice.paid"],
    api_version: "2026-10-28.endive" as never,
  });
  expect(endpoint.secret).toMatch(/^whsec_\w{32}$/);
  expect((await bench.stripe.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined();
  await sell(bench.stripe);
  expect(bench.control.deliveries().filter((delivery) => delivery.endpoint === endpoint.id)).toEqual([]);
  expect(await bench.stripe.webhookEndpoints.del(endpoint.id)).toMatchObject({ deleted: true });
});

test("duplicates, drops and corruption happen as ordered, and what was dropped is found as undelivered", async () => {
  await bench.control.idle();
  const arrivals = () => bench.received.length;
  const of = async (chaos: Parameters<typeof bench.control.chaos>[0]) => {
    bench.control.chaos(chaos);
    const before = arrivals();
    await bench.stripe.customers.create({});
    await bench.control.idle();
    bench.control.chaos("calm");
    return arrivals() - before;
  };
  expect(await of({ duplicate: 1 })).toBe(2);
  expect(await of({ duplicate: 0, drop: 1 })).toBe(0);
  expect((await bench.stripe.events.list({ delivery_success: false })).data).toHaveLength(1);
});

test("a state kept in a folder goes on after a restart, ids and all", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stripe-"));
  try {
    const options = { now: () => startAt * 1000, folder, seed: 3 };
    const first = await createStripe(options).serve();
    const { customer } = await sell(connect(first));
    await connect(first).customers.create({ email: "same@example.com" }, { idempotencyKey: "over-restart" });
    await first.close();
    const second = await createStripe(options).serve();
    const stripe = connect(second);
    expect((await stripe.customers.retrieve(customer.id)).id).toBe(customer.id);
    const again = await stripe.customers.create({ email: "same@example.com" }, { idempotencyKey: "over-restart" });
    expect((await stripe.customers.list({ email: "same@example.com" })).data.map((row) => row.id)).toEqual([again.id]);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
