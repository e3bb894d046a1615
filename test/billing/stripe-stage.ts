import { API_VERSION, eventTypes, isHeard, syncRequestOf } from "@berth/domain/billing/stripe/events.ts";
import { pricingPlans } from "@berth/domain/pricing/plans.ts";
import { createStripe, type StripeOptions, type StripeServer } from "@berth/local-stripe/stripe.ts";
import type { SQSEvent } from "aws-lambda";
import Stripe from "stripe";
import { syncQueue } from "../../functions/billing/sync.ts";
import type { Ingress } from "../../functions/webhooks/stripe.ts";
import { testTenant } from "../support/tenant.ts";
import { type TestWorld, testWorld } from "../support/world.ts";
import { type Payer, payer } from "./payer.ts";
import { checkedFetch, serveHook } from "./wire.ts";

export const HOUR = 3600;
export const DAY = 24 * HOUR;
/** The product and a local Stripe, each over real HTTP to the other, on one clock. */
export interface StripeStage {
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

/** Opens a stage. Deliveries come in any order and one in ten twice, unless said. */
export async function openStripeStage(options: StripeOptions & { chaos?: "calm" | "rough" } = {}): Promise<StripeStage> {
  const { chaos = "rough", ...rest } = options;
  const local = createStripe({ now: () => START_SECONDS * 1000, seed: 11, retryDelaysMs: [5, 10, 20, 40], ...rest });
  const server = await local.serve();
  const { control } = server;
  const checking = checkedFetch();
  const asked = { reads: 0, writes: 0 };
  const outage: StripeStage["outage"] = { webhook: false, queue: false, stripe: 0 };
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
  const ingress: Ingress = {
    secrets: async () => secrets,
    send: async (queue, message, about) => {
      if (outage.queue) throw new Error("the queue is down");
      await test.world.send(queue, message, about);
    },
    now: () => new Date(START_SECONDS * 1000),
    log: test.world.log,
    livemode: false,
  };
  const hook = await serveHook(ingress, outage);
  const endpoint = await stripe.webhookEndpoints.create({
    url: hook.url,
    enabled_events: [...eventTypes],
    api_version: API_VERSION,
  });
  secrets.push(endpoint.secret ?? "");
  control.chaos(chaos);
  await sell(stripe);

  const stage: StripeStage = {
    test,
    stripe,
    asked,
    control,
    hook: hook.url,
    secret: secrets[0] ?? "",
    outage,
    deadLetters,
    validated: checking.count,
    signUp: async () => payer(stage, await testTenant(test, { state: "none" })),
    eventsOf: (customer) =>
      control
        .events()
        .filter((event) => isHeard(event.type) && syncRequestOf({ ...event }).group === customer)
        .map(({ id }) => id),
    async deliver(events) {
      for (const event of events) {
        control.redeliver(event);
        await stage.settle();
      }
    },
    async unheard(work) {
      await stage.settle();
      const before = new Set(control.events().map(({ id }) => id));
      control.chaos({ drop: 1 });
      const done = await work();
      await control.idle();
      control.chaos(chaos);
      const events = control.events().filter(({ id, type }) => !before.has(id) && isHeard(type));
      return { done, events: events.map(({ id }) => id) };
    },
    async settle() {
      await settle(stage);
    },
    async advance(seconds) {
      // A day at a time, so that what happens on one is heard of on it.
      for (let left = seconds; left > 0; left -= DAY) {
        await stage.leap(Math.min(left, DAY));
        await stage.settle();
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
  return stage;
}

/** Works the billing queue through the real handler until it and Stripe's deliveries are at rest. */
async function settle(stage: StripeStage): Promise<void> {
  const answer = syncQueue(stage.test.world);
  const receives = new Map<unknown, number>();
  for (;;) {
    await stage.control.idle();
    const sent = stage.test.take("billing");
    if (sent.length === 0) return;
    for (const each of sent) {
      const count = (receives.get(each.message) ?? 0) + 1;
      receives.set(each.message, count);
      const { batchItemFailures } = await answer(sqsEvent(each.message, count));
      if (batchItemFailures.length === 0) continue;
      if (count >= MOST_RECEIVES) stage.deadLetters.push(each.message);
      else stage.test.sent.push(each);
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

/** The plans of the catalogue, as the account at Stripe sells them. */
async function sell(stripe: Stripe): Promise<void> {
  for (const plan of pricingPlans) {
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
