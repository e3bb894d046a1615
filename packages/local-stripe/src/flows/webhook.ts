import { createHmac } from "node:crypto";
import { happens, shuffled } from "../chaos.ts";
import { roll } from "../id.ts";
import type { Delivery, Endpoint } from "../objects/endpoint.ts";
import type { StripeEvent } from "../objects/event.ts";
import { mint, type World } from "../world.ts";
import { hears, validSecrets } from "./endpoint.ts";
import { inVersion } from "./version.ts";

export interface Deliverer {
  /** Take up an event: one delivery for each endpoint that hears of it. */
  push(event: StripeEvent): void;
  /** Deliver an event again, to every endpoint that hears of it; answers the new deliveries. */
  redeliver(eventId: string): Delivery[];
  /** Resolves when nothing is under way and no retry is due within two seconds. */
  idle(): Promise<void>;
  /** Make waiting retries due, as if so many seconds had passed. */
  hurry(seconds: number): void;
  /** Take up what a saved world had still to deliver. */
  resume(): void;
  /** Give up everything that waits. */
  close(): Promise<void>;
}

const atOnce = 8;
const soonMs = 2_000;

/** Deliver a world's events. `retryDelaysMs` are the pauses before each further attempt, real time. */
export function createDeliverer(
  world: World,
  { retryDelaysMs, timeoutMs }: { retryDelaysMs: readonly number[]; timeoutMs: number },
): Deliverer {
  const queue: Delivery[] = [];
  const timers = new Map<Delivery, NodeJS.Timeout>();
  const flights = new Set<Promise<void>>();
  const waiters = new Set<() => void>();
  let scheduled = false;
  let closed = false;

  const enqueue = (delivery: Delivery, delayMs: number) => {
    delivery.nextAt = world.wallClock() + delayMs;
    const timer = setTimeout(() => {
      timers.delete(delivery);
      queue.push(delivery);
      pump();
    }, delayMs);
    timer.unref();
    timers.set(delivery, timer);
  };

  const pump = () => {
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (world.state.settings.chaos.shuffle) queue.splice(0, queue.length, ...shuffled(world.state.dice, queue));
      while (queue.length && flights.size < atOnce && !closed) launch(queue.shift()!);
      settle();
    });
  };

  const launch = (delivery: Delivery) => {
    const flight = attempt(delivery).finally(() => {
      flights.delete(flight);
      world.onChange();
      pump();
      settle();
    });
    flights.add(flight);
  };

  const attempt = async (delivery: Delivery) => {
    const endpoint = world.state.endpoints.get(delivery.endpoint);
    const event = world.state.events.get(delivery.event);
    if (!endpoint || !event) {
      delivery.status = "failed";
      return;
    }
    const first = delivery.attempts.length === 0;
    const { status, error } = await send(world, endpoint, event, {
      corrupt: first && happens(world.state.dice, world.state.settings.chaos.corrupt),
      timeoutMs,
    });
    delivery.attempts.push({ at: world.wallClock(), status, error });
    delivery.nextAt = null;
    if (status !== null && status >= 200 && status < 300) {
      delivery.status = "delivered";
      event.pending_webhooks = Math.max(0, event.pending_webhooks - 1);
      return;
    }
    const delay = retryDelaysMs[delivery.attempts.length - 1];
    if (delay === undefined) delivery.status = "failed";
    else if (!closed) enqueue(delivery, delay);
  };

  const add = (event: StripeEvent, endpoint: Endpoint): Delivery => {
    const delivery: Delivery = {
      id: mint(world, "delivery"),
      event: event.id,
      type: event.type,
      endpoint: endpoint.id,
      status: "waiting",
      attempts: [],
      nextAt: null,
    };
    world.state.deliveries.set(delivery.id, delivery);
    const { chaos } = world.state.settings;
    if (happens(world.state.dice, chaos.drop)) delivery.status = "dropped";
    else if (chaos.delayMs > 0) enqueue(delivery, Math.floor(chaos.delayMs * roll(world.state.dice)));
    else queue.push(delivery);
    return delivery;
  };

  const deliverTo = (event: StripeEvent, chaotic: boolean): Delivery[] => {
    const endpoints = [...world.state.endpoints.values()].filter((endpoint) => hears(endpoint, event.type));
    event.pending_webhooks = endpoints.length;
    const made = endpoints.flatMap((endpoint) => {
      const twice = chaotic && happens(world.state.dice, world.state.settings.chaos.duplicate);
      return twice ? [add(event, endpoint), add(event, endpoint)] : [add(event, endpoint)];
    });
    pump();
    return made;
  };

  const busy = () => {
    const horizon = world.wallClock() + soonMs;
    return (
      scheduled ||
      queue.length > 0 ||
      flights.size > 0 ||
      [...timers.keys()].some((delivery) => (delivery.nextAt ?? 0) <= horizon)
    );
  };

  const settle = () => {
    if (busy() && !closed) return;
    for (const done of waiters) done();
    waiters.clear();
  };

  return {
    push: (event) => void deliverTo(event, true),
    redeliver: (eventId) => {
      const event = world.state.events.get(eventId);
      return event ? deliverTo(event, false) : [];
    },
    idle: () => new Promise((done) => (busy() && !closed ? waiters.add(done) : done())),
    hurry: (seconds) => {
      const reached = world.wallClock() + seconds * 1000;
      for (const [delivery, timer] of timers) {
        if ((delivery.nextAt ?? 0) > reached) continue;
        clearTimeout(timer);
        timers.delete(delivery);
        queue.push(delivery);
      }
      pump();
    },
    resume: () => {
      for (const delivery of world.state.deliveries.values()) if (delivery.status === "waiting") queue.push(delivery);
      pump();
    },
    close: async () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await Promise.all(flights);
      settle();
    },
  };
}

/** The header that proves a body: its time and one signature for each secret that is valid. */
export function signature(body: string, secrets: readonly string[], seconds: number): string {
  const sign = (secret: string) => createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return [`t=${seconds}`, ...secrets.map((secret) => `v1=${sign(secret)}`), `v0=${sign("v0")}`].join(",");
}

/** An event as it is sent: two-space JSON, so that a receiver that writes it anew breaks its signature. */
export function wireBody(event: StripeEvent, endpoint: Endpoint): string {
  return JSON.stringify(inVersion(event, endpoint.api_version), null, 2);
}

async function send(
  world: World,
  endpoint: Endpoint,
  event: StripeEvent,
  { corrupt, timeoutMs }: { corrupt: boolean; timeoutMs: number },
): Promise<{ status: number | null; error: string | null }> {
  const body = wireBody(event, endpoint);
  const seconds = Math.floor(world.wallClock() / 1000) + world.state.settings.chaos.skewSeconds;
  const secrets = corrupt ? ["whsec_wrong"] : validSecrets(world, endpoint.id);
  try {
    const answer = await fetch(endpoint.url, {
      method: "POST",
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        accept: "*/*; q=0.5, application/xml",
        "cache-control": "no-cache",
        "stripe-signature": signature(body, secrets, seconds),
      },
    });
    await answer.arrayBuffer();
    return { status: answer.status, error: null };
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) };
  }
}
