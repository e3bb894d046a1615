import type Stripe from "stripe";
import { invalid } from "../errors.ts";
import { emit, inOrder, update } from "../event.ts";
import { cancelNow } from "../flows/cancel.ts";
import { getPrice } from "../flows/price.ts";
import { currentPhase, getSchedule, makePhase, phaseItem, scheduleFrom } from "../flows/schedule.ts";
import { releaseSchedule } from "../flows/schedule-phase.ts";
import { getSubscription, isLive } from "../flows/subscription.ts";
import { updateSubscription } from "../flows/subscription-update.ts";
import { later, type Rhythm } from "../interval.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Phase, Schedule } from "../objects/schedule.ts";
import type { World } from "../world.ts";
import type { Api } from "./api.ts";

export function scheduleRoutes({ on, world }: Api): void {
  on<Stripe.SubscriptionScheduleCreateParams>("post", "/v1/subscription_schedules", ({ input }) => createSchedule(world, input));

  on<Stripe.SubscriptionScheduleListParams>("get", "/v1/subscription_schedules", ({ input }) => {
    const { scheduled: _, ...rest } = input;
    return page(world, "/v1/subscription_schedules", [...world.state.schedules.values()], rest, "subscription schedule", {
      customer: (schedule) => schedule.customer,
    });
  });

  on("get", "/v1/subscription_schedules/{id}", ({ params }) => getSchedule(world, params.id!));

  on<Stripe.SubscriptionScheduleUpdateParams>("post", "/v1/subscription_schedules/{id}", ({ params, input }) => {
    const schedule = active(getSchedule(world, params.id!));
    const subscription = getSubscription(world, schedule.subscription!);
    const phases = input.phases && plannedPhases(world, schedule, input.phases, input.proration_behavior);
    inOrder(world, ["customer.subscription.updated", "subscription_schedule.updated", "invoiceitem.created"], () => {
      update(world, "subscription_schedule.updated", schedule, () => {
        schedule.metadata = mergeMetadata(schedule.metadata, input.metadata);
        if (input.end_behavior) schedule.end_behavior = input.end_behavior as Schedule["end_behavior"];
        if (!phases) return;
        schedule.phases = phases;
        const running = currentPhase(schedule)!.phase;
        schedule.current_phase = { start_date: running.start_date, end_date: running.end_date };
      });
      const items = phases && currentPhase(schedule)?.phase.items;
      const changed = items?.some(
        ({ price, quantity }, index) =>
          subscription.items.data[index]?.price.id !== price || subscription.items.data[index]?.quantity !== quantity,
      );
      if (items && changed)
        updateSubscription(world, subscription, {
          items: items.map(({ price, quantity }, index) => ({
            price,
            quantity,
            ...(subscription.items.data[index] ? { id: subscription.items.data[index].id } : {}),
          })),
          proration_behavior: input.proration_behavior ?? "create_prorations",
        });
    });
    return schedule;
  });

  on("post", "/v1/subscription_schedules/{id}/release", ({ params }) => {
    const schedule = active(getSchedule(world, params.id!));
    releaseSchedule(world, schedule);
    return schedule;
  });

  on("post", "/v1/subscription_schedules/{id}/cancel", ({ params }) => {
    const schedule = active(getSchedule(world, params.id!));
    cancelNow(world, getSubscription(world, schedule.subscription!), "cancellation_requested");
    return schedule;
  });
}

function createSchedule(world: World, input: Stripe.SubscriptionScheduleCreateParams): Schedule {
  if (!input.from_subscription)
    throw invalid("This account makes its schedules from subscriptions: set `from_subscription`.", {
      param: "from_subscription",
      code: "parameter_missing",
    });
  const stray = Object.keys(input).find((key) => !["from_subscription", "expand", "metadata"].includes(key));
  if (stray) throw invalid(`You cannot set \`${stray}\` if \`from_subscription\` is set.`, { param: stray });
  const subscription = getSubscription(world, input.from_subscription, "from_subscription");
  if (subscription.schedule)
    throw invalid(`You cannot migrate a subscription that is already attached to a schedule: \`${subscription.id}\`.`);
  if (!isLive(subscription) || subscription.status === "incomplete")
    throw invalid(`You cannot migrate a subscription that is ${subscription.status}.`);
  const schedule = scheduleFrom(world, subscription);
  schedule.metadata = mergeMetadata({}, input.metadata);
  if (subscription.cancel_at !== null) schedule.end_behavior = "cancel";
  world.state.schedules.set(schedule.id, schedule);
  emit(world, "subscription_schedule.created", schedule);
  update(world, "customer.subscription.updated", subscription, () => {
    subscription.schedule = schedule.id;
  });
  return schedule;
}

/** The phases that a request plans: each begins where the one before it ends; the one that runs keeps its start. */
function plannedPhases(
  world: World,
  schedule: Schedule,
  asked: readonly Stripe.SubscriptionScheduleUpdateParams.Phase[],
  proration: string | undefined,
): Phase[] {
  const running = currentPhase(schedule)!.phase;
  const phases: Phase[] = [];
  for (const [index, phase] of asked.entries()) {
    const param = `phases[${index}]`;
    const start =
      phases.at(-1)?.end_date ??
      (phase.start_date === "now" || phase.start_date === undefined ? running.start_date : phase.start_date);
    if (index > 0 && phase.start_date !== undefined && phase.start_date !== start)
      throw invalid("Each phase must start where the one before it ends.", { param: `${param}[start_date]` });
    const end = phaseEnd(phase, start, param);
    if (end <= start) throw invalid("A phase must end after it starts.", { param: `${param}[end_date]` });
    const items = phase.items.map((item, place) => {
      const price = getPrice(world, item.price ?? "", `${param}[items][${place}][price]`);
      return phaseItem({ price, quantity: item.quantity ?? 1, metadata: mergeMetadata({}, item.metadata) });
    });
    const behavior = (phase.proration_behavior ?? proration ?? "create_prorations") as Phase["proration_behavior"];
    phases.push({
      ...makePhase(running.currency, { start_date: start, end_date: end }, items, behavior),
      metadata: mergeMetadata({}, phase.metadata),
    });
  }
  if (!phases.some((phase) => phase.start_date === running.start_date))
    throw invalid("You can not modify the start date of the current phase.", { param: "phases[0][start_date]" });
  return phases;
}

function phaseEnd(phase: Stripe.SubscriptionScheduleUpdateParams.Phase, start: number, param: string): number {
  if (typeof phase.end_date === "number") return phase.end_date;
  if (phase.duration)
    return later(start, {
      interval: phase.duration.interval as Rhythm["interval"],
      interval_count: phase.duration.interval_count ?? 1,
    });
  throw invalid("Every phase needs an `end_date` or a `duration`.", { param: `${param}[end_date]`, code: "parameter_missing" });
}

function active(schedule: Schedule): Schedule {
  if (schedule.status !== "active") throw invalid(`You cannot change a subscription schedule that is ${schedule.status}.`);
  return schedule;
}
