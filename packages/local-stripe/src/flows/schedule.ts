import { missing } from "../errors.ts";
import { emit } from "../event.ts";
import type { Phase, PhaseItem, Schedule } from "../objects/schedule.ts";
import type { Item, Subscription } from "../objects/subscription.ts";
import { mint, timeOf, type World } from "../world.ts";

/** The schedule of an id, or the refusal that fits where the id stood. */
export function getSchedule(world: World, id: string): Schedule {
  const schedule = world.state.schedules.get(id);
  if (!schedule) throw missing("subscription schedule", id);
  return schedule;
}

/** The schedule that governs a subscription, if one does. */
export function scheduleOf(world: World, subscription: Subscription): Schedule | undefined {
  return subscription.schedule === null ? undefined : world.state.schedules.get(subscription.schedule);
}

/** A schedule that goes on as the subscription does, with one phase: the period that is paid for. */
export function scheduleFrom(world: World, subscription: Subscription): Schedule {
  const now = timeOf(world, subscription.test_clock);
  const [first] = subscription.items.data;
  const dates = { start_date: first!.current_period_start, end_date: first!.current_period_end };
  return {
    id: mint(world, "schedule"),
    object: "subscription_schedule",
    application: null,
    billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible", updated_at: now },
    canceled_at: null,
    completed_at: null,
    created: now,
    current_phase: { ...dates },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: "automatic",
      billing_thresholds: null,
      collection_method: "charge_automatically",
      default_payment_method: subscription.default_payment_method,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: "self" },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: "release",
    livemode: false,
    metadata: {},
    pause_schedules: [],
    phases: [makePhase(subscription.currency, dates, subscription.items.data.map(phaseItem), "create_prorations")],
    released_at: null,
    released_subscription: null,
    status: "active",
    subscription: subscription.id,
    test_clock: subscription.test_clock,
  };
}

export function makePhase(
  currency: string,
  dates: { start_date: number; end_date: number },
  items: PhaseItem[],
  proration: Phase["proration_behavior"],
): Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    end_date: dates.end_date,
    invoice_settings: null,
    items,
    metadata: {},
    on_behalf_of: null,
    proration_behavior: proration,
    start_date: dates.start_date,
    transfer_data: null,
    trial_end: null,
  };
}

/** A subscription's item as a phase lists it. */
export function phaseItem({ price, quantity, metadata }: Pick<Item, "price" | "quantity" | "metadata">): PhaseItem {
  return {
    billing_thresholds: null,
    discounts: [],
    metadata: { ...metadata },
    plan: price.id,
    price: price.id,
    quantity,
    tax_rates: [],
  };
}

/** The phase that runs, and its place. */
export function currentPhase(schedule: Schedule): { phase: Phase; index: number } | undefined {
  const index = schedule.phases.findIndex((phase) => phase.start_date === schedule.current_phase?.start_date);
  const phase = schedule.phases[index];
  return phase && { phase, index };
}

/** A subscription that ends takes its schedule with it. */
export function endSchedule(world: World, subscription: Subscription, how: "aborted" | "canceled"): void {
  const schedule = scheduleOf(world, subscription);
  if (schedule?.status !== "active") return;
  Object.assign(schedule, { status: "canceled", canceled_at: timeOf(world, schedule.test_clock), current_phase: null });
  emit(world, `subscription_schedule.${how}`, schedule);
}
