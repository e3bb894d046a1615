import { readFileSync } from "node:fs";
import { API_VERSION, eventTypes } from "@berth/domain/billing/stripe/events.ts";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { type Ingress, MOST_BYTES, receive } from "../../functions/webhooks/stripe.ts";
import { bundle } from "../../infra/bundle.ts";

const NOW = Date.UTC(2027, 2, 1, 12) / 1000;
const SECRET = "whsec_1234567890";

/** An ingress with its queue and log in the test's hand. */
function open(over: Partial<Ingress> = {}) {
  const queued: { message: object; options: object | undefined }[] = [];
  const logs: { level: string; message: string; facts: object | undefined }[] = [];
  const ingress: Ingress = {
    secrets: async () => [SECRET],
    send: async (_, message, options) => void queued.push({ message, options }),
    now: () => new Date(NOW * 1000),
    log: (level, message, facts) => void logs.push({ level, message, facts }),
    livemode: false,
    ...over,
  };
  return { ingress, queued, logs };
}

const event = (facts: object = {}) => ({
  id: "evt_1",
  object: "event",
  api_version: API_VERSION,
  created: NOW,
  livemode: false,
  type: "invoice.paid",
  data: { object: { id: "in_1", object: "invoice", customer: "cus_1" } },
  ...facts,
});

interface Sending {
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly base64?: boolean;
  /** The body as it arrives, where it is not what was signed. */
  readonly arrives?: string;
  readonly at?: number;
  readonly secret?: string;
}

function request(what: object | string, sending: Sending = {}): APIGatewayProxyEventV2 {
  const { method = "POST", base64 = false, at = NOW, secret = SECRET } = sending;
  const payload = typeof what === "string" ? what : JSON.stringify(what, null, 2);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: at });
  const arrives = sending.arrives ?? payload;
  return {
    headers: sending.headers ?? { "stripe-signature": signature },
    body: base64 ? Buffer.from(arrives).toString("base64") : arrives,
    isBase64Encoded: base64,
    requestContext: { http: { method } },
  } as unknown as APIGatewayProxyEventV2;
}

test("a genuine event becomes one sync request, for its customer, in the customer's own order, and says nothing of what it held", async () => {
  const { ingress, queued } = open();
  const { statusCode } = await receive(ingress, request(event()));
  expect(statusCode).toBe(200);
  expect(queued).toEqual([
    {
      message: { event: "evt_1", type: "invoice.paid", object: "in_1", customer: "cus_1" },
      options: { group: "cus_1", dedupe: "evt_1" },
    },
  ]);
});

test.each([
  ["customer.deleted", { id: "cus_9", object: "customer" }, { customer: "cus_9" }, "cus_9"],
  [
    "checkout.session.completed",
    { id: "cs_1", object: "checkout.session", customer: { id: "cus_9" } },
    { customer: "cus_9" },
    "cus_9",
  ],
  ["charge.dispute.created", { id: "dp_1", object: "dispute", charge: "ch_1" }, { charge: "ch_1" }, "dp_1"],
  ["refund.created", { id: "re_1", object: "refund", charge: "ch_1" }, { charge: "ch_1" }, "re_1"],
  [
    "subscription_schedule.released",
    { id: "sub_sched_1", object: "subscription_schedule", customer: "cus_9" },
    { customer: "cus_9" },
    "cus_9",
  ],
])("%s says whose it is", async (type, object, whose, group) => {
  const { ingress, queued } = open();
  await receive(ingress, request(event({ type, data: { object } })));
  expect(queued).toEqual([
    { message: { event: "evt_1", type, object: object.id, ...whose }, options: { group, dedupe: "evt_1" } },
  ]);
});

test("every answer may be had over HTTPS alone, and is what it says it is", async () => {
  for (const sent of [request(event()), request("{", { secret: "whsec_other" })]) {
    const { headers } = await receive(open().ingress, sent);
    expect(headers).toMatchObject({
      "strict-transport-security": "max-age=63072000; includeSubDomains",
      "x-content-type-options": "nosniff",
    });
  }
});

test("a body in base64 with letters of any script is the same body", async () => {
  const { ingress, queued } = open();
  const named = event({ data: { object: { id: "in_1", object: "invoice", customer: "cus_1", customer_name: "Zoë 東京 🚢" } } });
  expect((await receive(ingress, request(named, { base64: true }))).statusCode).toBe(200);
  expect((await receive(ingress, request(named))).statusCode).toBe(200);
  expect(queued).toHaveLength(2);
});

test("the header's name may be written in any case", async () => {
  const { ingress, queued } = open();
  const { headers, ...rest } = request(event());
  const upper = { "Stripe-Signature": String(headers["stripe-signature"]) };
  expect((await receive(ingress, { ...rest, headers: upper } as APIGatewayProxyEventV2)).statusCode).toBe(200);
  expect(queued).toHaveLength(1);
});

test.each([
  ["forged", { secret: "whsec_wrong" }],
  ["no-header", { headers: {} }],
  ["malformed", { headers: { "stripe-signature": "t=1,v0=abc" } }],
  ["stale", { at: NOW - 301 }],
  ["stale", { at: NOW + 301 }],
  ["forged", { arrives: JSON.stringify(event()) }],
] as [string, Sending][])(
  "what is %s is answered 400, queues nothing and is logged without its body",
  async (reason, sending) => {
    const { ingress, queued, logs } = open();
    expect(await receive(ingress, request(event(), sending))).toMatchObject({ statusCode: 400, body: reason });
    expect(queued).toEqual([]);
    expect(logs).toEqual([{ level: "warn", message: "webhook refused", facts: { reason } }]);
  },
);

test("without a configured secret everything is refused, and never as Stripe's mistake", async () => {
  for (const secrets of [[], [""]]) {
    const { ingress, queued } = open({ secrets: async () => secrets });
    expect(await receive(ingress, request(event()))).toMatchObject({ statusCode: 500 });
    expect(queued).toEqual([]);
  }
});

test("while secrets are rolled the old one still opens", async () => {
  const { ingress, queued } = open({ secrets: async () => ["whsec_new", SECRET] });
  expect((await receive(ingress, request(event()))).statusCode).toBe(200);
  expect(queued).toHaveLength(1);
});

test("a megabyte is taken, one byte more is not, whatever its signature", async () => {
  const { ingress, queued } = open();
  const empty = JSON.stringify(event({ padding: "" }));
  const sized = (bytes: number) => JSON.stringify(event({ padding: "x".repeat(bytes - empty.length) }));
  expect((await receive(ingress, request(sized(MOST_BYTES)))).statusCode).toBe(200);
  expect((await receive(ingress, request(sized(MOST_BYTES + 1)))).statusCode).toBe(413);
  expect((await receive(ingress, request(sized(MOST_BYTES + 1), { base64: true }))).statusCode).toBe(413);
  expect(queued).toHaveLength(1);
});

test("only POST is taken", async () => {
  const { ingress, queued } = open();
  for (const method of ["GET", "PUT", "DELETE", "OPTIONS"])
    expect((await receive(ingress, request(event(), { method }))).statusCode).toBe(405);
  expect(queued).toEqual([]);
});

test.each([
  ["of the other mode", { livemode: true }],
  ["of a connected account", { account: "acct_1" }],
  ["of an organisation's context", { context: "acct_1" }],
  ["that is thin", { object: "v2.core.event", data: undefined }],
])("a genuine event %s is taken, dropped and sets off an alarm", async (_, facts) => {
  const { ingress, queued, logs } = open();
  expect((await receive(ingress, request(event(facts)))).statusCode).toBe(200);
  expect(queued).toEqual([]);
  expect(logs).toMatchObject([{ level: "error", message: "webhook dropped" }]);
});

test("an event of test mode does not get into a deployment for real money", async () => {
  const { ingress, queued } = open({ livemode: true });
  expect((await receive(ingress, request(event()))).statusCode).toBe(200);
  expect(queued).toEqual([]);
  await receive(ingress, request(event({ livemode: true })));
  expect(queued).toHaveLength(1);
});

test("a type that is not heard is taken and dropped without an alarm", async () => {
  for (const type of ["invoice.created", "customer.updated", "something.of.tomorrow"]) {
    const { ingress, queued, logs } = open();
    expect((await receive(ingress, request(event({ type })))).statusCode).toBe(200);
    expect([queued, logs]).toEqual([[], []]);
  }
});

test("an event of another API version is still queued, since only its ids are read, and sets off an alarm", async () => {
  const { ingress, queued, logs } = open();
  expect((await receive(ingress, request(event({ api_version: "2024-06-20" })))).statusCode).toBe(200);
  expect(queued).toHaveLength(1);
  expect(logs).toMatchObject([{ level: "error", message: "webhook of another version" }]);
});

test("when the queue does not take it the answer is no answer, so that Stripe sends it again", async () => {
  const { ingress } = open({ send: () => Promise.reject(new Error("SQS is down")) });
  await expect(receive(ingress, request(event()))).rejects.toThrow("SQS is down");
});

test("the answer is given only after the queue has it", async () => {
  const order: string[] = [];
  let take = () => {};
  const waits = new Promise<void>((resolve) => {
    take = resolve;
  });
  const { ingress } = open({ send: () => waits.then(() => void order.push("queued")) });
  const answered = receive(ingress, request(event())).then(() => order.push("answered"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual([]);
  take();
  await answered;
  expect(order).toEqual(["queued", "answered"]);
});

test("a genuine event without an object is an error and not a success", async () => {
  const { ingress, queued } = open();
  await expect(receive(ingress, request(event({ data: {} })))).rejects.toThrow("not an event");
  expect(queued).toEqual([]);
});

test("the endpoint does not ask for invoice.created, which could hold up every bill for days", () => {
  expect(eventTypes).not.toContain("invoice.created");
  expect(new Set(eventTypes).size).toBe(eventTypes.length);
});

test("the ingress has no way to Stripe, to the table or to a key, and stays under 350 KB", async () => {
  const { inputs, outputs } = await bundle("webhooks/stripe", "node_modules/.cache/berth-test/webhooks-stripe");
  const used = Object.values(outputs).flatMap(({ inputs: of }) => Object.keys(of));
  for (const name of ["node_modules/stripe/", "client-dynamodb/", "client-kms/", "node_modules/zod/"])
    expect(used.filter((path) => path.includes(name))).toEqual([]);
  expect(Object.keys(inputs).length).toBeGreaterThan(0);
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
  expect(bytes).toBeLessThan(350 * 1024);
});

test("the four places that name the API's version name the same", () => {
  const sdk = readFileSync("node_modules/stripe/esm/apiVersion.js", "utf8");
  const local = JSON.parse(readFileSync("packages/local-stripe/src/openapi.min.json", "utf8"));
  expect(sdk).toContain(API_VERSION);
  expect(local.info.version).toBe(API_VERSION);
});
