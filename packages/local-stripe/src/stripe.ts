import { serve as listen } from "@hono/node-server";
import { Hono } from "hono";
import { createApi, otherRoutes } from "./api/api.ts";
import { chargeRoutes } from "./api/charge.ts";
import { checkoutRoutes } from "./api/checkout.ts";
import { customerRoutes } from "./api/customer.ts";
import { disputeRoutes } from "./api/dispute.ts";
import { endpointRoutes } from "./api/endpoint.ts";
import { eventRoutes } from "./api/event.ts";
import { invoiceRoutes } from "./api/invoice.ts";
import { invoiceItemRoutes } from "./api/invoice-item.ts";
import { invoicePaymentRoutes } from "./api/invoice-payment.ts";
import { pauseRoutes } from "./api/pause.ts";
import { paymentIntentRoutes } from "./api/payment-intent.ts";
import { paymentMethodRoutes } from "./api/payment-method.ts";
import { portalRoutes } from "./api/portal.ts";
import { previewRoutes } from "./api/preview.ts";
import { priceRoutes } from "./api/price.ts";
import { productRoutes } from "./api/product.ts";
import { refundRoutes } from "./api/refund.ts";
import { scheduleRoutes } from "./api/schedule.ts";
import { setupIntentRoutes } from "./api/setup-intent.ts";
import { subscriptionRoutes } from "./api/subscription.ts";
import { subscriptionCreateRoutes } from "./api/subscription-create.ts";
import { subscriptionEndRoutes } from "./api/subscription-end.ts";
import { subscriptionUpdateRoutes } from "./api/subscription-update.ts";
import { testClockRoutes } from "./api/test-clock.ts";
import { type Control, createControl } from "./control.ts";
import { controlRoutes } from "./control-routes.ts";
import { checkoutDues } from "./flows/checkout.ts";
import { catchUp } from "./flows/clock.ts";
import { createEndpoint } from "./flows/endpoint.ts";
import { invoiceDues } from "./flows/renewal.ts";
import { subscriptionDues } from "./flows/subscription-due.ts";
import { resumeClocks } from "./flows/test-clock.ts";
import { createDeliverer } from "./flows/webhook.ts";
import { checkoutPages } from "./pages/checkout.ts";
import { invoicePages } from "./pages/invoice.ts";
import { portalPages } from "./pages/portal.ts";
import { createStore, loadState } from "./store.ts";
import { emptyState, type World } from "./world.ts";

export interface WebhookTarget {
  url: string;
  /** Types the endpoint hears of; all, unless said. */
  events?: string[];
  /** Its signing secret; one is made, unless given. */
  secret?: string;
  /** The API version events come in; the account's own, unless said. */
  version?: string;
}

export interface StripeOptions {
  /**
   * The process's clock, epoch milliseconds. Objects follow it, plus what `control.advance` added; signatures carry it as it is.
   * A caller that moves the clock behind it calls `control.catchUp` and does not advance as well.
   */
  now?: () => number;
  /** Where the state is kept; in memory only, unless given. */
  folder?: string;
  /** Repeats every id and every chance. */
  seed?: number;
  /** What goes wrong in deliveries from the start: nothing, unless said; see `control.chaos`. */
  chaos?: "calm" | "rough";
  /** Endpoints that exist from the start; one that a saved state already has (by its address) is left as it is. */
  webhooks?: WebhookTarget[];
  /** Pauses before the second, third, ... attempt at a delivery, milliseconds of real time. */
  retryDelaysMs?: number[];
  /** How long an endpoint may take to answer, milliseconds. */
  timeoutMs?: number;
}

export interface Stripe {
  /** The HTTP app, for callers that need no port. */
  readonly app: Hono;
  readonly control: Control;
  /** Register an endpoint; answers its id and secret. */
  addWebhook(target: WebhookTarget): { id: string; secret: string };
  /** Listen on loopback. `publicUrl` is where browsers reach the pages, if not there. */
  serve(options?: { port?: number; hostname?: string; publicUrl?: string }): Promise<StripeServer>;
  /** Stop deliveries and write what is not written. */
  close(): Promise<void>;
}

export interface StripeServer {
  readonly url: string;
  readonly port: number;
  readonly control: Control;
  /** Stop listening, stop deliveries, write what is not written. */
  close(): Promise<void>;
}

const everyMs = 1_000;

// Longer than any client keeps an idle connection, so that none is closed just as a request is put on it.
const keepAliveMs = 75_000;

/** A Stripe account that runs in this process. What is stored and what is due survives a restart when `folder` is given. */
export function createStripe(options: StripeOptions = {}): Stripe {
  const {
    now = Date.now,
    folder,
    seed = 1,
    webhooks = [],
    retryDelaysMs = [500, 2_000, 10_000, 60_000, 300_000],
    timeoutMs = 10_000,
  } = options;
  const state = (folder === undefined ? undefined : loadState(folder)) ?? emptyState(seed, Math.floor(now() / 1000));
  const world: World = {
    state,
    wallClock: now,
    baseUrl: "http://127.0.0.1",
    request: null,
    inFlight: new Set(),
    held: null,
    dues: [checkoutDues, subscriptionDues, invoiceDues],
    onEvent: () => {},
    onChange: () => {},
  };
  const store = folder === undefined ? undefined : createStore(folder, () => world.state);
  const deliverer = createDeliverer(world, { retryDelaysMs, timeoutMs });
  world.onEvent = deliverer.push;
  world.onChange = () => store?.touch();
  const control = createControl(world, deliverer);
  if (options.chaos) control.chaos(options.chaos);
  const app = createApp(world, control);

  const addWebhook = ({ url, events = ["*"], secret, version }: WebhookTarget) => {
    const known = [...world.state.endpoints.values()].find((row) => row.url === url);
    const endpoint = known ?? createEndpoint(world, { url, events, ...(secret && { secret }), ...(version && { version }) });
    world.onChange();
    return { id: endpoint.id, secret: world.state.secrets.get(endpoint.id)![0]!.secret };
  };
  for (const target of webhooks) addWebhook(target);
  deliverer.resume();
  resumeClocks(world);

  const close = async () => {
    await deliverer.close();
    world.onChange();
    store?.flush();
  };

  const serve: Stripe["serve"] = ({ port = 0, hostname = "127.0.0.1", publicUrl } = {}) =>
    new Promise((resolve, reject) => {
      const ticker = setInterval(() => catchUp(world), everyMs).unref();
      const server = listen({ fetch: app.fetch, port, hostname }, (address) => {
        const url = `http://${hostname}:${address.port}`;
        world.baseUrl = publicUrl ?? url;
        resolve({
          url,
          port: address.port,
          control,
          close: async () => {
            clearInterval(ticker);
            await close();
            if ("closeAllConnections" in server) server.closeAllConnections();
            await new Promise<void>((done, failed) => server.close((error) => (error ? failed(error) : done())));
          },
        });
      });
      if ("keepAliveTimeout" in server) server.keepAliveTimeout = keepAliveMs;
      server.on("error", reject);
    });

  return { app, control, addWebhook, serve, close };
}

function createApp(world: World, control: Control): Hono {
  const app = new Hono();
  const api = createApi(app, world);
  for (const routes of [
    customerRoutes,
    productRoutes,
    priceRoutes,
    paymentMethodRoutes,
    paymentIntentRoutes,
    chargeRoutes,
    checkoutRoutes,
    subscriptionRoutes,
    subscriptionCreateRoutes,
    subscriptionUpdateRoutes,
    subscriptionEndRoutes,
    pauseRoutes,
    scheduleRoutes,
    previewRoutes,
    invoiceRoutes,
    invoiceItemRoutes,
    invoicePaymentRoutes,
    eventRoutes,
    endpointRoutes,
    refundRoutes,
    disputeRoutes,
    setupIntentRoutes,
    testClockRoutes,
    portalRoutes,
  ])
    routes(api);
  checkoutPages(app, world);
  portalPages(app, world);
  invoicePages(app, world);
  app.route("/_sim", controlRoutes(control));
  otherRoutes(app, world);
  return app;
}
