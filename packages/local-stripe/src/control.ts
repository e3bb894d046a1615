import { calm, rough } from "./chaos.ts";
import { catchUp, nextDue, runUntil } from "./flows/clock.ts";
import { closeDispute, disputeCharge, getDispute } from "./flows/dispute.ts";
import { rollSecret } from "./flows/endpoint.ts";
import type { Deliverer } from "./flows/webhook.ts";
import type { Delivery } from "./objects/endpoint.ts";
import type { StripeEvent } from "./objects/event.ts";
import type { Chaos, Settings } from "./objects/settings.ts";
import { emptyState, type World } from "./world.ts";

/** What a test or an operator can do to the local Stripe and no real account would offer. */
export interface Control {
  /** The simulated time, epoch seconds. */
  now(): number;
  /** Move the simulated time forward, running every renewal, finalization, attempt and expiry that falls due, in order. Answers the new time. */
  advance(seconds: number): number;
  /** Advance as above, but let deliveries settle after each thing that falls due, as they would in the time between. */
  walk(seconds: number): Promise<number>;
  /** Run what has fallen due by the process's own clock. */
  catchUp(): void;
  /** Make every charge of a customer, or of `all`, fail with a decline code; `authentication_required` asks for 3D Secure instead. */
  failCards(customer: string, code: string): void;
  /** Let the cards of a customer, or of `all`, work again. */
  fixCards(customer: string): void;
  /** Make the next charge fail, whoever's it is. */
  failNextCharge(code: string): void;
  /** Dispute a successful charge, as its cardholder's bank would; answers the dispute's id. */
  dispute(charge: string, reason?: string): string;
  /** Decide a dispute. */
  closeDispute(dispute: string, status: "won" | "lost"): void;
  /** Keep a customer's drafts, or everyone's (`all`), from becoming final, as a missing tax address would; `null` lets them. */
  failFinalization(customer: string, code: string | null): void;
  /** Fail the next API requests with these HTTP statuses, such as 429 or 500. */
  refuseNext(...statuses: number[]): void;
  /** Give an endpoint a new signing secret; the old one signs beside it for a day. */
  rollSecret(endpoint: string): string;
  /** When failed bills are tried again, in days after the first failure, and what happens in the end. */
  dunning(dunning: Partial<Settings["dunning"]>): void;
  /** Set what goes wrong in deliveries: `calm`, `rough`, or each by itself. */
  chaos(chaos: "calm" | "rough" | Partial<Chaos>): void;
  /** The other switches of the dashboard. */
  settings(settings: Partial<Pick<Settings, "limitOneSubscription" | "clockStepMs" | "latencyMs">>): void;
  /** Every event so far, oldest first. */
  events(): StripeEvent[];
  /** Every delivery so far, oldest first. */
  deliveries(): Delivery[];
  /** Deliver an event again, now. */
  redeliver(event: string): Delivery[];
  /** Resolves when all deliveries have settled; see Deliverer.idle. */
  idle(): Promise<void>;
  /** Forget everything but the endpoints. */
  reset(seed?: number): void;
}

/** The control over a world and its deliveries. */
export function createControl(world: World, deliverer: Deliverer): Control {
  const advanceTo = (target: number, once: boolean) => {
    const seconds = target - world.state.time;
    world.state.ahead += seconds;
    runUntil(world, null, target, { once });
    deliverer.hurry(seconds);
  };
  return {
    now: () => world.state.time,
    advance: (seconds) => {
      catchUp(world);
      advanceTo(world.state.time + Math.floor(forward(seconds)), false);
      return world.state.time;
    },
    walk: async (seconds) => {
      catchUp(world);
      const target = world.state.time + Math.floor(forward(seconds));
      for (let due = nextDue(world, null); due && due.at <= target; due = nextDue(world, null)) {
        advanceTo(Math.max(due.at, world.state.time), true);
        await deliverer.idle();
      }
      advanceTo(target, false);
      await deliverer.idle();
      return world.state.time;
    },
    catchUp: () => catchUp(world),
    failCards: (customer, code) => {
      world.state.settings.failing[customer] = code;
      world.onChange();
    },
    fixCards: (customer) => {
      delete world.state.settings.failing[customer];
      world.onChange();
    },
    failNextCharge: (code) => {
      world.state.settings.failNext.push(code);
      world.onChange();
    },
    dispute: (charge, reason = "fraudulent") => {
      const { id } = disputeCharge(world, charge, reason);
      world.onChange();
      return id;
    },
    closeDispute: (dispute, status) => {
      closeDispute(world, getDispute(world, dispute), status);
      world.onChange();
    },
    failFinalization: (customer, code) => {
      if (code === null) delete world.state.settings.unfinalizable[customer];
      else world.state.settings.unfinalizable[customer] = code;
      world.onChange();
    },
    refuseNext: (...statuses) => {
      world.state.settings.refusals.push(...statuses);
      world.onChange();
    },
    rollSecret: (endpoint) => {
      const secret = rollSecret(world, endpoint);
      world.onChange();
      return secret;
    },
    dunning: (dunning) => {
      Object.assign(world.state.settings.dunning, dunning);
      world.onChange();
    },
    chaos: (chaos) => {
      const named = { calm, rough };
      world.state.settings.chaos = typeof chaos === "string" ? named[chaos]() : { ...world.state.settings.chaos, ...chaos };
      world.onChange();
    },
    settings: (settings) => {
      Object.assign(world.state.settings, settings);
      world.onChange();
    },
    events: () => [...world.state.events.values()],
    deliveries: () => [...world.state.deliveries.values()],
    redeliver: (event) => deliverer.redeliver(event),
    idle: () => deliverer.idle(),
    reset: (seed) => {
      const { endpoints, secrets } = world.state;
      world.state = { ...emptyState(seed ?? 1, Math.floor(world.wallClock() / 1000)), endpoints, secrets };
      world.onChange();
    },
  };
}

function forward(seconds: number): number {
  if (!Number.isFinite(seconds) || seconds < 0) throw new Error("Time moves forward only");
  return seconds;
}
