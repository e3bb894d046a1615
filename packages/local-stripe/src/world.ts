import { type Dice, type IdKind, newId } from "./id.ts";
import type { Charge } from "./objects/charge.ts";
import type { CheckoutRecord } from "./objects/checkout.ts";
import type { Customer, CustomerBalanceTransaction } from "./objects/customer.ts";
import type { Dispute } from "./objects/dispute.ts";
import type { Delivery, Endpoint } from "./objects/endpoint.ts";
import type { StripeEvent } from "./objects/event.ts";
import type { Invoice } from "./objects/invoice.ts";
import type { InvoiceItem } from "./objects/invoice-item.ts";
import type { InvoicePayment } from "./objects/invoice-payment.ts";
import type { PaymentIntent } from "./objects/payment-intent.ts";
import type { CardRecord, PaymentMethod } from "./objects/payment-method.ts";
import type { PortalConfiguration, PortalProduct, PortalSession } from "./objects/portal.ts";
import type { Price, Product } from "./objects/price.ts";
import type { Refund } from "./objects/refund.ts";
import type { Schedule } from "./objects/schedule.ts";
import type { Settings } from "./objects/settings.ts";
import type { SetupIntent } from "./objects/setup-intent.ts";
import type { Subscription, SubscriptionNotes } from "./objects/subscription.ts";
import type { TestClock } from "./objects/test-clock.ts";
import { defaultSettings } from "./settings.ts";

/** A POST that was carried out under an idempotency key, and what it answered. */
export interface Replay {
  fingerprint: string;
  status: number;
  body: string;
  requestId: string;
  at: number;
}

/** Everything the simulated account holds. Plain maps of plain objects, so that it can be written to a file as it is. */
export interface State {
  dice: Dice;
  /** Simulated seconds ahead of the process's own clock. */
  ahead: number;
  /** The simulated account's time, epoch seconds. Customers on a test clock live by that clock instead. */
  time: number;
  settings: Settings;
  customers: Map<string, Customer>;
  deletedCustomers: Map<string, { id: string; object: "customer"; deleted: true }>;
  customerBalances: Map<string, CustomerBalanceTransaction>;
  products: Map<string, Product>;
  prices: Map<string, Price>;
  paymentMethods: Map<string, PaymentMethod>;
  cards: Map<string, CardRecord>;
  checkouts: Map<string, CheckoutRecord>;
  subscriptions: Map<string, Subscription>;
  notes: Map<string, SubscriptionNotes>;
  schedules: Map<string, Schedule>;
  invoices: Map<string, Invoice>;
  invoiceItems: Map<string, InvoiceItem>;
  invoicePayments: Map<string, InvoicePayment>;
  paymentIntents: Map<string, PaymentIntent>;
  setupIntents: Map<string, SetupIntent>;
  charges: Map<string, Charge>;
  refunds: Map<string, Refund>;
  disputes: Map<string, Dispute>;
  portalConfigurations: Map<string, PortalConfiguration>;
  /** The products that a portal configuration offers, which its answers show only on request. */
  portalProducts: Map<string, PortalProduct[]>;
  portalSessions: Map<string, PortalSession>;
  testClocks: Map<string, TestClock>;
  /** When the first attempt at an unpaid invoice failed, and how many retries followed. */
  collections: Map<string, { firstFailedAt: number; retries: number }>;
  endpoints: Map<string, Endpoint>;
  /** The signing secrets of each endpoint, newest first; one that was replaced is good until its time. */
  secrets: Map<string, { secret: string; until: number | null }[]>;
  events: Map<string, StripeEvent>;
  deliveries: Map<string, Delivery>;
  replays: Map<string, Replay>;
}

/**
 * Time. What is due is read off the objects themselves, so nothing can be forgotten or done for an object that has gone on.
 * The account's own time follows the process's clock, plus what it was moved ahead; each test clock stands until it is advanced.
 */
export interface Due {
  at: number;
  run: () => void;
}

/** What falls due on a test clock, or on the account's own time (null). */
export type Dues = (world: World, clock: string | null) => Iterable<Due>;

/** The state with what surrounds it: the process's clock, the address it is reached at, and who hears of new events. */
export interface World {
  state: State;
  /** The process's own clock in epoch milliseconds; signatures carry it, whatever the simulated time is. */
  readonly wallClock: () => number;
  /** Where the pages are reached, without a slash at the end. */
  baseUrl: string;
  /** The request being carried out; events it causes name it. */
  request: { id: string; idempotency_key: string | null } | null;
  /** The idempotency keys of requests that are under way. */
  readonly inFlight: Set<string>;
  /** Events of the flow being carried out, held back until they are in order. */
  held: StripeEvent[] | null;
  /** What time brings; what comes first here goes first where two things are due at the same second. */
  readonly dues: readonly Dues[];
  /** Called with each event once it is on record. */
  onEvent: (event: StripeEvent) => void;
  /** Called after anything was changed. */
  onChange: () => void;
}

/** An empty account. */
export function emptyState(seed: number, time: number): State {
  const table = <T>() => new Map<string, T>();
  return {
    dice: { state: seed | 0 },
    ahead: 0,
    time,
    settings: defaultSettings(),
    customers: table(),
    deletedCustomers: table(),
    customerBalances: table(),
    products: table(),
    prices: table(),
    paymentMethods: table(),
    cards: table(),
    checkouts: table(),
    subscriptions: table(),
    notes: table(),
    schedules: table(),
    invoices: table(),
    invoiceItems: table(),
    invoicePayments: table(),
    paymentIntents: table(),
    setupIntents: table(),
    charges: table(),
    refunds: table(),
    disputes: table(),
    portalConfigurations: table(),
    portalProducts: table(),
    portalSessions: table(),
    testClocks: table(),
    collections: table(),
    endpoints: table(),
    secrets: table(),
    events: table(),
    deliveries: table(),
    replays: table(),
  };
}

/** A new id from the world's own generator. */
export function mint(world: World, kind: IdKind): string {
  return newId(world.state.dice, kind);
}

/** The time an object lives by, epoch seconds: its customer's test clock, or else the account's. */
export function timeOf(world: World, testClock: string | null): number {
  const clock = testClock === null ? undefined : world.state.testClocks.get(testClock);
  return clock ? clock.frozen_time : world.state.time;
}
