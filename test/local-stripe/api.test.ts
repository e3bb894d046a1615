import { answerSchema, apiVersion, departures } from "@berth/local-stripe/openapi.ts";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { answerValidator, connect, sell, subscribe } from "./harness.ts";
import { bench, sold, useSold } from "./sold.ts";

useSold();

const raw = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  fetch(`${bench.server.url}${path}`, {
    method,
    headers: { authorization: "Bearer sk_test_x", "content-type": "application/x-www-form-urlencoded", ...headers },
    ...(body === undefined ? {} : { body }),
  });

const errorOf = async (answer: Response) => ({
  status: answer.status,
  ...((await answer.json()) as { error: Record<string, unknown> }).error,
});

test("the SDK's pinned version is the version spoken, and any other is refused", async () => {
  expect(Stripe.API_VERSION ?? apiVersion).toBe(apiVersion);
  expect((await raw("GET", "/v1/customers", undefined, { "stripe-version": "2024-06-20" })).status).toBe(400);
});

test("without a key, or with a live one, the answer is 401", async () => {
  expect((await fetch(`${bench.server.url}/v1/customers`)).status).toBe(401);
  expect((await raw("GET", "/v1/customers", undefined, { authorization: "Bearer sk_live_x" })).status).toBe(401);
  expect((await raw("GET", "/v1/customers", undefined, { authorization: `Basic ${btoa("sk_test_x:")}` })).status).toBe(200);
});

test("unknown parameters are refused with their bracketed name, in queries, bodies and nested", async () => {
  expect(await errorOf(await raw("GET", "/v1/customers?wat=x"))).toMatchObject({
    status: 400,
    code: "parameter_unknown",
    param: "wat",
    message: "Received unknown parameter: wat",
  });
  expect(await errorOf(await raw("POST", "/v1/customers", "invoice_settings[nope]=x"))).toMatchObject({
    status: 400,
    code: "parameter_unknown",
    param: "invoice_settings[nope]",
    message: "Received unknown parameter: invoice_settings[nope]",
  });
  expect(
    await errorOf(await raw("POST", "/v1/checkout/sessions", "mode=subscription&payment_method_types[0]=card")),
  ).toMatchObject({ code: "parameter_unknown" });
});

test("integers, enums and missing parameters are refused as recorded", async () => {
  expect(await errorOf(await raw("GET", "/v1/customers?limit=abc"))).toMatchObject({
    status: 400,
    code: "parameter_invalid_integer",
    message: "Invalid integer: abc",
    param: "limit",
  });
  expect(await errorOf(await raw("POST", "/v1/products", ""))).toMatchObject({
    status: 400,
    code: "parameter_missing",
    param: "name",
  });
  expect(await errorOf(await raw("POST", "/v1/checkout/sessions", "mode=gift"))).toMatchObject({ status: 400, param: "mode" });
});

test("an id that names nothing is 404 in the path and 400 in a cursor or a body", async () => {
  await expect(bench.stripe.customers.retrieve("cus_none")).rejects.toMatchObject({
    statusCode: 404,
    code: "resource_missing",
    message: "No such customer: 'cus_none'",
  });
  expect(await errorOf(await raw("GET", "/v1/customers?starting_after=cus_aaa"))).toMatchObject({
    status: 400,
    code: "resource_missing",
    param: "starting_after",
  });
  await expect(
    bench.stripe.subscriptions.create({ customer: "cus_none", items: [{ price: sold.prices.solo.id }] }),
  ).rejects.toMatchObject({ statusCode: 400 });
  expect(await errorOf(await raw("GET", "/v1/customers?starting_after=a&ending_before=b"))).toMatchObject({
    status: 400,
    message: expect.stringContaining("Please pass in only one"),
  });
  expect((await raw("GET", "/v1/nothing")).status).toBe(404);
});

test("a body cannot reach a prototype", async () => {
  const answer = await raw("POST", "/v1/customers", "metadata[__proto__]=x&__proto__[polluted]=1");
  expect(answer.status).toBe(400);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("lists page newest first, forward and back, without a gap or a repeat", async () => {
  const made = [];
  for (let index = 0; index < 7; index += 1) made.push((await bench.stripe.customers.create({ email: "many@example.com" })).id);
  const newestFirst = made.toReversed();
  const first = await bench.stripe.customers.list({ email: "many@example.com", limit: 3 });
  expect(first.data.map((row) => row.id)).toEqual(newestFirst.slice(0, 3));
  expect(first.has_more).toBe(true);
  const second = await bench.stripe.customers.list({ email: "many@example.com", limit: 3, starting_after: newestFirst[2]! });
  expect(second.data.map((row) => row.id)).toEqual(newestFirst.slice(3, 6));
  const back = await bench.stripe.customers.list({ email: "many@example.com", limit: 2, ending_before: newestFirst[3]! });
  expect(back.data.map((row) => row.id)).toEqual(newestFirst.slice(1, 3));
  const all: string[] = [];
  for await (const customer of bench.stripe.customers.list({ email: "many@example.com", limit: 2 })) all.push(customer.id);
  expect(all).toEqual(newestFirst);
  expect(await errorOf(await raw("GET", "/v1/customers?limit=101"))).toMatchObject({ status: 400 });
});

test("a key repeats its first answer, refuses other parameters, and keeps nothing of a request that was not valid", async () => {
  const key = { idempotencyKey: "key-1" };
  const one = await bench.stripe.customers.create({ email: "once@example.com" }, key);
  const two = await bench.stripe.customers.create({ email: "once@example.com" }, key);
  expect(two.id).toBe(one.id);
  const third = await raw("POST", "/v1/customers", "email=once%40example.com", { "idempotency-key": "key-1" });
  expect([third.headers.get("idempotent-replayed"), third.headers.get("original-request")]).toEqual([
    "true",
    one.lastResponse.requestId,
  ]);
  expect((await bench.stripe.customers.list({ email: "once@example.com" })).data).toHaveLength(1);
  await expect(bench.stripe.customers.create({ email: "other@example.com" }, key)).rejects.toBeInstanceOf(
    Stripe.errors.StripeIdempotencyError,
  );

  expect((await raw("POST", "/v1/customers", "nope=1", { "idempotency-key": "key-2" })).status).toBe(400);
  expect((await raw("POST", "/v1/customers", "email=late@example.com", { "idempotency-key": "key-2" })).status).toBe(200);
});

test("a key is forgotten after a day", async () => {
  const key = { idempotencyKey: "key-day" };
  const one = await bench.stripe.customers.create({ email: "day@example.com" }, key);
  bench.control.advance(86_400);
  expect((await bench.stripe.customers.create({ email: "day@example.com" }, key)).id).not.toBe(one.id);
});

test("a lookup key finds its price and can be taken over", async () => {
  const { solo } = sold.prices;
  const taken = {
    product: solo.product as string,
    currency: "usd",
    unit_amount: 1000,
    recurring: { interval: "month" as const },
    lookup_key: "movable",
  };
  const one = await bench.stripe.prices.create(taken);
  await expect(bench.stripe.prices.create(taken)).rejects.toThrow("already uses that lookup key");
  const two = await bench.stripe.prices.create({ ...taken, transfer_lookup_key: true });
  expect((await bench.stripe.prices.list({ lookup_keys: ["movable"] })).data.map((price) => price.id)).toEqual([two.id]);
  expect((await bench.stripe.prices.retrieve(one.id)).lookup_key).toBeNull();
});

test("expansion goes four levels deep and refuses what cannot be expanded", async () => {
  const { customer } = await sell(bench.stripe);
  const subscription = await subscribe(bench.stripe, { ...sold, customer });
  const found = await bench.stripe.subscriptions.list({
    customer: customer.id,
    expand: [
      "data.latest_invoice.payments",
      "data.items.data.price",
      "data.customer",
      "data.default_payment_method",
      "data.schedule",
    ],
  });
  expect(found.data[0]).toMatchObject({
    id: subscription.id,
    schedule: null,
    customer: { id: customer.id },
    latest_invoice: { status: "paid", payments: { object: "list" } },
  });
  await expect(bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["nonsense"] })).rejects.toThrow(
    "This property cannot be expanded (nonsense).",
  );
  await expect(bench.stripe.customers.retrieve(customer.id, { expand: ["id"] })).rejects.toThrow("cannot be expanded");
  await expect(bench.stripe.subscriptions.list({ expand: ["data.a.b.c.d"] })).rejects.toThrow("more than 4 levels");
});

test("metadata is merged key by key, an empty value removes, an empty text clears", async () => {
  const { id } = await bench.stripe.customers.create({ metadata: { a: "1", b: "2" } });
  expect((await bench.stripe.customers.update(id, { metadata: { b: "", c: "3" } })).metadata).toEqual({ a: "1", c: "3" });
  expect((await bench.stripe.customers.update(id, { metadata: "" })).metadata).toEqual({});
});

test("every answer was validated against the API description, and a broken one would not pass", async () => {
  expect(bench.validated()).toBeGreaterThan(30);
  const customer = JSON.parse(JSON.stringify(await bench.stripe.customers.retrieve(sold.customer.id))) as Record<string, unknown>;
  const independent = answerValidator();
  const own = (body: unknown) => departures(answerSchema("get", "/v1/products/{id}"), body);
  const product = JSON.parse(JSON.stringify(await bench.stripe.products.retrieve(sold.prices.solo.product as string))) as Record<
    string,
    unknown
  >;
  expect(own(product)).toEqual([]);
  expect(independent("get", `/v1/products/${product.id}`, product)).toEqual([]);
  const { name: _, ...nameless } = product;
  for (const broken of [
    nameless,
    { ...product, created: "today" },
    { ...product, images: null },
    { ...product, object: "goods" },
  ]) {
    expect(own(broken)).not.toEqual([]);
    expect(independent("get", `/v1/products/${product.id}`, broken)).not.toEqual([]);
  }
  expect(independent("get", `/v1/customers/${customer.id}`, { ...customer, balance: 1.5 })).not.toEqual([]);
  const refusal = { error: { type: "invalid_request_error", message: "No such customer: 'cus_x'", param: "id" } };
  expect(independent("get", "/v1/customers/cus_x", refusal, 404)).toEqual([]);
  for (const broken of [
    {},
    { error: {} },
    { error: { ...refusal.error, type: "oops" } },
    { error: { ...refusal.error, param: 7 } },
  ])
    expect(independent("get", "/v1/customers/cus_x", broken, 404), JSON.stringify(broken)).not.toEqual([]);
});

test("the SDK retries what may pass by itself and does not retry a refusal", async () => {
  let calls = 0;
  const counting = connect(bench.server, async (input, init) => {
    calls += 1;
    return fetch(input, init);
  });
  await expect(counting.customers.retrieve("cus_none", {}, { maxNetworkRetries: 2 })).rejects.toMatchObject({ statusCode: 404 });
  expect(calls).toBe(1);
});
