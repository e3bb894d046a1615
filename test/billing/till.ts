import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startCheckout } from "@berth/domain/billing/checkout.ts";
import { API_VERSION, doorbellOf, eventTypes, isHeard } from "@berth/domain/billing/event.ts";
import { openPortal } from "@berth/domain/billing/portal.ts";
import { type Account, entitlement } from "@berth/domain/entitlement/account.ts";
import { type PlanName, plans } from "@berth/domain/plan/plan.ts";
import { createStripe, type StripeOptions, type StripeServer } from "@berth/local/stripe/stripe.ts";
import type { SQSEvent } from "aws-lambda";
import Stripe from "stripe";
import { answerBells } from "../../functions/billing/bell.ts";
import { type Door, receive } from "../../functions/webhooks/ingress.ts";
import { answerValidator } from "../local/stripe/harness.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { type TestWorld, testWorld } from "../support/world.ts";

export const HOUR = 3600;
export const DAY = 24 * HOUR;
export const cards = {
  works: "4242424242424242",
  declined: "4000000000000002",
  poor: "4000000000009995",
  attachesThenDeclines: "4000000000000341",
  asks: "4000002500003155",
  alwaysAsks: "4000002760003184",
} as const;

/** A customer with a tenant of its own, from signing up on. */
export interface Payer extends TestTenant {
  /** Opens a payment page, or is refused. */
  checkout(plan?: PlanName): Promise<string>;
  /** Buys a plan on the hosted page, with 3D Secure where the bank asks, and waits until everything has settled. */
  buy(plan?: PlanName, card?: string): Promise<Account>;
  /** Pays a payment page; answers the browser's answer. */
  pay(url: string, card?: string): Promise<Response>;
  state(): Promise<string>;
  /** The customer at Stripe. */
  customer(): Promise<string>;
  subscription(): Promise<Stripe.Subscription>;
  /** Puts a card in the place of the one that is charged, as the portal does. */
  useCard(token: string): Promise<void>;
  /** The open portal page's address. */
  portal(): Promise<string>;
  mails(): string[];
}

/** The product and a local Stripe, each over real HTTP to the other, on one clock. */
export interface Till {
  readonly test: TestWorld;
  /** The test's own way to Stripe: what is done there by hand. */
  readonly stripe: Stripe;
  /** What the product asked Stripe so far. */
  readonly asked: { reads: number; writes: number };
  readonly control: StripeServer["control"];
  readonly hook: string;
  readonly secret: string;
  /** What is down: the webhook's function, its queue, the next so many requests of the product to Stripe. */
  readonly outage: { webhook: boolean; queue: boolean; stripe: number };
  readonly deadLetters: Record<string, unknown>[];
  /** How many answers of the local Stripe were checked against its description. */
  validated(): number;
  signUp(): Promise<Payer>;
  /** The events of a customer that the endpoint is to hear of, oldest first. */
  eventsOf(customer: string): string[];
  /** Delivers events again, one after the other in this order, each settled before the next. */
  deliver(events: readonly string[]): Promise<void>;
  /** Does something while no event gets through; what happened is delivered later or never. Answers the events that were held back. */
  unheard<T>(work: () => Promise<T>): Promise<{ done: T; events: string[] }>;
  /** Waits until every event is delivered and every message is worked on. */
  settle(): Promise<void>;
  /** Moves both clocks on, and lets everything settle. */
  advance(seconds: number): Promise<void>;
  /** Moves both clocks on and lets nothing through until `settle`. */
  leap(seconds: number): Promise<void>;
  close(): Promise<void>;
}

const START_SECONDS = Date.UTC(2027, 2, 1, 12) / 1000;
const MOST_RECEIVES = 8;

/** Opens a till. Deliveries come in any order and one in ten twice, unless said. */
export async function openTill(options: StripeOptions & { chaos?: "calm" | "rough" } = {}): Promise<Till> {
  const { chaos = "rough", ...rest } = options;
  const local = createStripe({ now: () => START_SECONDS * 1000, seed: 11, retryDelaysMs: [5, 10, 20, 40], ...rest });
  const server = await local.serve();
  const { control } = server;
  const checking = checkedFetch();
  const asked = { reads: 0, writes: 0 };
  const outage: Till["outage"] = { webhook: false, queue: false, stripe: 0 };
  const connect = (fetch: typeof globalThis.fetch) =>
    new Stripe("sk_test_till", {
      host: "127.0.0.1",
      port: server.port,
      protocol: "http",
      maxNetworkRetries: 0,
      httpClient: Stripe.createFetchHttpClient(fetch),
    });
  const stripe = connect(checking.fetch);
  const products = connect((input, init) => {
    asked[init?.method === "GET" ? "reads" : "writes"]++;
    if (outage.stripe > 0) {
      outage.stripe--;
      return Promise.reject(new Error("the line to Stripe is down"));
    }
    return checking.fetch(input, init);
  });
  const test = testWorld({ start: new Date(START_SECONDS * 1000), stripe: () => Promise.resolve(products) });
  const deadLetters: Record<string, unknown>[] = [];
  const secrets: string[] = [];
  const door: Door = {
    secrets: async () => secrets,
    send: async (queue, message, about) => {
      if (outage.queue) throw new Error("the queue is down");
      await test.world.send(queue, message, about);
    },
    now: () => new Date(START_SECONDS * 1000),
    log: test.world.log,
    livemode: false,
  };
  const hook = await serveHook(door, outage);
  const endpoint = await stripe.webhookEndpoints.create({
    url: hook.url,
    enabled_events: [...eventTypes],
    api_version: API_VERSION,
  });
  secrets.push(endpoint.secret ?? "");
  control.chaos(chaos);
  await sell(stripe);

  const till: Till = {
    test,
    stripe,
    asked,
    control,
    hook: hook.url,
    secret: secrets[0] ?? "",
    outage,
    deadLetters,
    validated: checking.count,
    signUp: async () => payer(till, await testTenant(test, { state: "none" })),
    eventsOf: (customer) =>
      control
        .events()
        .filter((event) => isHeard(event.type) && doorbellOf({ ...event }).group === customer)
        .map(({ id }) => id),
    async deliver(events) {
      for (const event of events) {
        control.redeliver(event);
        await till.settle();
      }
    },
    async unheard(work) {
      await till.settle();
      const before = new Set(control.events().map(({ id }) => id));
      control.chaos({ drop: 1 });
      const done = await work();
      await control.idle();
      control.chaos(chaos);
      const events = control.events().filter(({ id, type }) => !before.has(id) && isHeard(type));
      return { done, events: events.map(({ id }) => id) };
    },
    async settle() {
      await settle(till);
    },
    async advance(seconds) {
      // A day at a time, so that what happens on one is heard of on it.
      for (let left = seconds; left > 0; left -= DAY) {
        await till.leap(Math.min(left, DAY));
        await till.settle();
      }
    },
    async leap(seconds) {
      await control.walk(seconds);
      await test.clock.advance(seconds);
    },
    async close() {
      await server.close();
      await hook.close();
      test.close();
    },
  };
  return till;
}

/** Works the billing queue through the real handler until it and Stripe's deliveries are at rest. */
async function settle(till: Till): Promise<void> {
  const answer = answerBells(till.test.world);
  const receives = new Map<unknown, number>();
  for (;;) {
    await till.control.idle();
    const sent = till.test.take("billing");
    if (sent.length === 0) return;
    for (const each of sent) {
      const count = (receives.get(each.message) ?? 0) + 1;
      receives.set(each.message, count);
      const { batchItemFailures } = await answer(sqsEvent(each.message, count));
      if (batchItemFailures.length === 0) continue;
      if (count >= MOST_RECEIVES) till.deadLetters.push(each.message);
      else till.test.sent.push(each);
    }
  }
}

export const sqsEvent = (message: object, receives = 1): SQSEvent => ({
  Records: [
    {
      messageId: "m",
      receiptHandle: "r",
      body: JSON.stringify(message),
      attributes: {
        ApproximateReceiveCount: String(receives),
        SentTimestamp: "0",
        SenderId: "s",
        ApproximateFirstReceiveTimestamp: "0",
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:local:0:billing.fifo",
      awsRegion: "local",
    },
  ],
});

function payer(till: Till, tenant: TestTenant): Payer {
  const { stripe, test } = till;
  const post = (url: string, fields: Record<string, string>) =>
    fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  const each: Payer = {
    ...tenant,
    checkout: async (plan = "solo") => (await startCheckout(tenant.ctx, plan)).url,
    async pay(url, number = cards.works) {
      const answer = await post(url, { number, expiry: "12 / 40", cvc: "123", name: "Ann Example" });
      if (!answer.headers.get("location")?.endsWith("/authenticate")) return answer;
      return post(`${url}/authenticate`, { answer: "approve" });
    },
    async buy(plan = "solo", card = cards.works) {
      const answer = await each.pay(await each.checkout(plan), card);
      if (answer.status !== 303) throw new Error(`the page answered ${answer.status}`);
      await till.settle();
      return tenant.account();
    },
    state: async () => entitlement(await tenant.account(), test.world.now()),
    async customer() {
      const { customer } = await tenant.account();
      if (customer === undefined) throw new Error("the tenant has no customer");
      return customer;
    },
    async subscription() {
      const { data } = await stripe.subscriptions.list({ customer: await each.customer(), status: "all", limit: 100 });
      const [newest] = data;
      if (!newest) throw new Error("the customer has no subscription");
      return newest;
    },
    async useCard(token) {
      const customer = await each.customer();
      const method = await stripe.paymentMethods.attach(token, { customer });
      await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
      const subscription = await each.subscription();
      if (subscription.status !== "canceled")
        await stripe.subscriptions.update(subscription.id, { default_payment_method: method.id });
    },
    portal: async () => (await openPortal(tenant.ctx)).url,
    mails: () =>
      test
        .mails()
        .filter(({ to, template }) => to === tenant.user.email && template !== "code")
        .map(({ template }) => template),
  };
  return each;
}

/** The plans of the catalogue, as the account at Stripe sells them. */
export async function sell(stripe: Stripe): Promise<void> {
  for (const plan of plans) {
    const product = await stripe.products.create({ name: `Berth ${plan.title}` });
    await stripe.prices.create({
      product: product.id,
      currency: plan.currency,
      unit_amount: plan.price,
      recurring: { interval: "month" },
      lookup_key: plan.lookupKey,
    });
  }
}

let base64 = false;

/** The ingress behind a server of its own; every other request comes as API Gateway sends what is not plain text: in base64. */
async function serveHook(door: Door, outage: Till["outage"]): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => void parts.push(part));
    request.on("end", () => {
      if (outage.webhook) return void response.writeHead(503).end();
      base64 = !base64;
      const raw = Buffer.concat(parts);
      const event = {
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body: raw.toString(base64 ? "base64" : "utf8"),
        isBase64Encoded: base64,
        requestContext: { http: { method: request.method } },
      };
      receive(door, event as unknown as Parameters<typeof receive>[1]).then(
        (answer) => void response.writeHead(answer.statusCode ?? 200).end(answer.body),
        // As Lambda does with what a handler throws.
        () => void response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

let validator: ReturnType<typeof answerValidator> | undefined;

/** `fetch`, but an answer of the API that is not as its description says is an error. */
function checkedFetch(): { fetch: typeof globalThis.fetch; count: () => number } {
  let count = 0;
  validator ??= answerValidator();
  const validate = validator;
  return {
    count: () => count,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      if (answer.status !== 200) return answer;
      const path = new URL(String(input)).pathname;
      const wrong = validate((init?.method ?? "GET").toLowerCase(), path, await answer.clone().json());
      if (wrong.length > 0) throw new Error(`${path} departs from the API's description: ${wrong.slice(0, 5).join("; ")}`);
      count++;
      return answer;
    },
  };
}
