import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createStripe, type StripeOptions, type StripeServer } from "@berth/local-stripe/stripe.ts";
import { Ajv, type ValidateFunction } from "ajv";
import Stripe from "stripe";

/** A local Stripe with the real SDK in front of it, a webhook endpoint behind it, and an independent check of every answer. */
export interface Bench {
  server: StripeServer;
  control: StripeServer["control"];
  stripe: Stripe;
  /** Deliveries as they arrived, verified. */
  received: Received[];
  secret: string;
  /** What the endpoint answers next, one after another; 200 when there is none. */
  answers: number[];
  /** How many answers of the API were validated. */
  validated(): number;
  /** The types of the events since the last call, oldest first. */
  happened(): string[];
  close(): Promise<void>;
}

interface Received {
  event: Stripe.Event;
  body: string;
  headers: IncomingHttpHeaders;
}

/** Noon of the first of March 2027, epoch seconds: a month of 31 days in which no period ends early. */
export const startAt = Date.UTC(2027, 2, 1, 12) / 1000;

/** Start a bench whose process clock stands still at `startAt`. */
export async function createBench(options: StripeOptions = {}): Promise<Bench> {
  const received: Received[] = [];
  const answers: number[] = [];
  let secret = "";
  const hook = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const status = answers.shift() ?? 200;
      if (status === 200) {
        const event = stripe.webhooks.constructEvent(
          body,
          request.headers["stripe-signature"]!,
          secret,
          300,
          undefined,
          startAt * 1000,
        );
        received.push({ event, body, headers: request.headers });
      }
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => hook.listen(0, "127.0.0.1", done));
  const local = createStripe({ now: () => startAt * 1000, seed: 7, retryDelaysMs: [20, 40, 80], ...options });
  const server = await local.serve();
  const registered = local.addWebhook({ url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook` });
  secret = registered.secret;
  const checking = checkedFetch();
  const stripe = connect(server, checking.fetch);
  let seen = 0;
  return {
    server,
    control: server.control,
    stripe,
    received,
    get secret() {
      return secret;
    },
    answers,
    validated: checking.count,
    happened: () => {
      const types = server.control.events().map((event) => event.type);
      const fresh = types.slice(seen);
      seen = types.length;
      return fresh;
    },
    close: async () => {
      await server.close();
      hook.closeAllConnections();
      await new Promise((done) => hook.close(done));
    },
  };
}

/** The SDK, pointed at a local Stripe. */
export function connect(server: StripeServer, fetch: typeof globalThis.fetch = globalThis.fetch): Stripe {
  return new Stripe("sk_test_bench", {
    host: "127.0.0.1",
    port: server.port,
    protocol: "http",
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(fetch),
  });
}

interface Described {
  paths: Record<string, Record<string, { responses: { "200": { content: { "application/json": { schema: object } } } } }>>;
}

/** The API description rewritten for a JSON Schema validator that knows nothing of `nullable`. */
export function description(): Described {
  const file = new URL("../../packages/local-stripe/src/openapi.min.json", import.meta.url);
  return withNulls(JSON.parse(readFileSync(file, "utf8"))) as Described;
}

function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (typeof node !== "object" || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withNulls(value)]));
  return nullable === true ? { anyOf: [rest, { type: "null" }] } : rest;
}

/** A validator for each operation's answer, its refusals included, made by ajv and not by the code under test. */
export function answerValidator(): (method: string, path: string, body: unknown, status?: number) => string[] {
  const described = description();
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(described, "spec");
  const made = new Map<string, ValidateFunction>();
  const paths = Object.keys(described.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  }));
  return (method, path, body, status = 200) => {
    const fitting = paths.filter(({ pattern, path: template }) => pattern.test(path) && described.paths[template]![method]);
    const found = fitting.find((row) => row.path === path) ?? fitting[0];
    if (!found) return [`no such operation: ${method} ${path}`];
    const kind = status === 200 ? "200" : "default";
    const key = `${method} ${found.path} ${kind}`;
    const pointer = `spec#/paths/${found.path.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D")}/${method}/responses/${kind}/content/application~1json/schema`;
    const validate = made.get(key) ?? ajv.compile({ $ref: pointer });
    made.set(key, validate);
    return validate(body) ? [] : validate.errors!.map((error) => `${error.instancePath} ${error.message}`);
  };
}

let shared: ReturnType<typeof answerValidator> | undefined;

function checkedFetch(): { fetch: typeof globalThis.fetch; count: () => number } {
  let count = 0;
  shared ??= answerValidator();
  const validate = shared;
  return {
    count: () => count,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      const wrong = validate(
        (init?.method ?? "GET").toLowerCase(),
        new URL(String(input)).pathname,
        await answer.clone().json(),
        answer.status,
      );
      if (wrong.length) throw new Error(`An answer departs from the API description: ${wrong.slice(0, 8).join("; ")}`);
      count += 1;
      return answer;
    },
  };
}

export interface Sold {
  customer: Stripe.Customer;
  prices: { solo: Stripe.Price; pro: Stripe.Price };
}

/** Two plans with lookup keys, and a customer. */
export async function sell(stripe: Stripe, { testClock }: { testClock?: string } = {}): Promise<Sold> {
  const existing = await stripe.prices.list({ lookup_keys: ["solo", "pro"] });
  const price = async (key: string, name: string, amount: number) => {
    const found = existing.data.find((row) => row.lookup_key === key);
    if (found) return found;
    const product = await stripe.products.create({ name });
    return stripe.prices.create({
      product: product.id,
      currency: "usd",
      unit_amount: amount,
      recurring: { interval: "month" },
      lookup_key: key,
    });
  };
  const prices = { solo: await price("solo", "Berth Solo", 900), pro: await price("pro", "Berth Pro", 1900) };
  const customer = await stripe.customers.create({
    email: "ann@example.com",
    metadata: { org: "t_1" },
    ...(testClock ? { test_clock: testClock } : {}),
  });
  return { customer, prices };
}

/** Post a form to a page, as a browser without a script does, and stay where it leads. */
export function submit(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
}

/** The fields of a card form, filled in. */
export function typed(number: string): Record<string, string> {
  return { number, expiry: "12 / 40", cvc: "123", name: "Ann Example" };
}

/** Buy a plan on the hosted page and answer the subscription. */
export async function subscribe(
  stripe: Stripe,
  { customer, prices }: Sold,
  card = "4242424242424242",
): Promise<Stripe.Subscription> {
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer: customer.id,
    client_reference_id: "t_1",
    line_items: [{ price: prices.solo.id, quantity: 1 }],
    subscription_data: { metadata: { org_id: "t_1" } },
    success_url: "http://127.0.0.1/return?session_id={CHECKOUT_SESSION_ID}",
  });
  const answer = await submit(session.url!, typed(card));
  if (answer.headers.get("location")?.endsWith("/authenticate"))
    await submit(`${session.url}/authenticate`, { answer: "approve" });
  const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription"] });
  if (typeof done.subscription !== "object" || !done.subscription) throw new Error(`The checkout is ${done.status}`);
  return done.subscription as Stripe.Subscription;
}

/** An endpoint that takes everything and checks nothing. */
export async function createTap(): Promise<{ url: string; taken: { body: string; signature: string }[]; close(): void }> {
  const taken: { body: string; signature: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      taken.push({ body, signature: request.headers["stripe-signature"] as string });
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    taken,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
