/** What a day costs on which nobody does anything: every schedule of the cloud, as often as it says, over tenants who are there. */

import { billingStanding, derive } from "@berth/domain/billing/standing/derive.ts";
import { dueShard } from "@berth/domain/billing/standing/sync.ts";
import { getCatalogue } from "@berth/domain/billing/stripe/catalogue.ts";
import { fetchSnapshot } from "@berth/domain/billing/stripe/snapshot.ts";
import { closeDue } from "@berth/domain/closing/closing.ts";
import type { World } from "@berth/domain/context.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { accountKey, newAccount } from "@berth/domain/entitlement/account.ts";
import { globalKey, type Key, putOne } from "@berth/domain/table.ts";
import { runSchedule } from "../../functions/billing/reconcile.ts";
import type { Synthesized } from "../infra/synth.ts";
import { type TestWorld, testWorld } from "../support/world.ts";
import { payingAtStripe } from "./paying.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Between two looks at an account that is good. */
const LOOK = 7 * DAY;

export interface Schedule {
  /** The file of its function, and its name there. */
  readonly file: string;
  readonly name: string;
  readonly everyMinutes: number;
}

/** What each function that a schedule starts does, in the world that is given. */
const work: Readonly<Record<string, (world: World, schedule: string) => Promise<unknown>>> = {
  "functions/billing/reconcile.handler.ts": runSchedule,
  "functions/billing/close.handler.ts": (world) => closeDue(world, new Date(world.now().getTime() + 5 * MINUTE)),
  "functions/workers/sweep.handler.ts": (world) => sweep(world),
};

const units: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 24 * 60 };

/** Every schedule of the stacks. @throws Error for one that says no rate or no file: it would go uncounted */
export function schedulesOf({ data, service }: Synthesized): Schedule[] {
  const resources = [data, service].flatMap(({ Resources }) => Object.entries(Resources));
  return resources.flatMap(([id, { Properties }]): Schedule[] => {
    if (Properties?.ScheduleExpression === undefined) return [];
    const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(Properties.ScheduleExpression) ?? [];
    const [, file, name] = /^(functions\/[\w/-]+\.handler\.ts), ([\w-]+)$/.exec(Properties.Description) ?? [];
    const minutes = units[unit ?? ""];
    if (!file || !name || !minutes) throw new Error(`the schedule ${id} does not say what it starts and how often`);
    return [{ file, name, everyMinutes: Number(count) * minutes }];
  });
}

interface Spent {
  readonly read: number;
  readonly write: number;
}
export interface Day {
  /** By hour. */
  readonly hours: readonly Spent[];
  /** By schedule: file and name. */
  readonly schedules: ReadonlyMap<string, Spent & { readonly runs: number }>;
  /** What the nightly comparison counted. */
  readonly compared: Readonly<Record<"accounts" | "subscriptions" | "findings", number>>;
  /** Accounts that were synced because their time had come. */
  readonly synced: number;
}

/** A day over so many tenants, of whom some pay and the rest have no plan. */
export async function idleDay(schedules: readonly Schedule[], of: { tenants: number; paying: number }): Promise<Day> {
  const test = testWorld({ stripe: () => Promise.resolve(payingAtStripe(of.paying)), over: { stage: "prod" } });
  try {
    await settle(test, of);
    return await live(test, schedules);
  } finally {
    test.close();
  }
}

const customer = (i: number) => `cus_${i}`;

/** Puts everybody there as they are after months, their next looks spread as evenly as their first were. */
async function settle(test: TestWorld, { tenants, paying }: { tenants: number; paying: number }): Promise<void> {
  const { world, clock } = test;
  const [snapshot, catalogue] = [await fetchSnapshot(world, customer(0)), await getCatalogue(world)];
  const good = derive(snapshot, catalogue, billingStanding(newAccount("")));
  if (good.kind !== "good" || good.anomalies.length > 0) throw new Error(`who pays is ${good.kind}: ${good.anomalies}`);
  const now = clock.now().getTime();
  const at = (time: number) => new Date(time).toISOString();
  for (let i = 0; i < tenants; i++) {
    const tenant = `ten_${String(i).padStart(26, "0")}`;
    const key: Key = accountKey({ tenant });
    if (i >= paying) {
      await putOne(world, key, newAccount(tenant));
      continue;
    }
    const dueAt = now + (LOOK * (i + 0.5)) / paying;
    const synced = { syncSeq: 9, appliedSeq: 9, syncedAt: at(dueAt - LOOK), noticed: null, logs: null };
    const due = { duePk: dueShard(tenant), dueAt: at(dueAt) };
    const about = { subscription: `sub_${i}`, customer: customer(i), customers: 1, slots: 2, targets: 2 };
    await putOne(world, key, { ...newAccount(tenant), ...good, ...synced, ...due, ...about });
    await putOne(world, globalKey("CUS", customer(i)), { tenant, createdAt: at(now - 90 * DAY) });
  }
}

/** One schedule after the other, each at its time or, where another took longer, as soon as can be. */
async function live({ world, clock, engine, logs }: TestWorld, schedules: readonly Schedule[]): Promise<Day> {
  const begin = clock.now().getTime();
  const hours = Array.from({ length: 24 }, () => ({ read: 0, write: 0 }));
  const plans = schedules.map((schedule) => ({ ...schedule, next: begin, runs: 0, read: 0, write: 0 }));
  let running: (typeof plans)[number] | undefined;
  const stop = engine.onConsumed(({ read, write }) => {
    const hour = hours[Math.min(23, Math.floor((clock.now().getTime() - begin) / HOUR))];
    for (const sum of [hour, running]) {
      if (!sum) throw new Error("nothing runs");
      sum.read += read;
      sum.write += write;
    }
  });
  for (;;) {
    running = plans.reduce((first, plan) => (plan.next < first.next ? plan : first));
    if (running.next >= begin + DAY) break;
    await clock.moveTo(new Date(Math.max(running.next, clock.now().getTime())));
    const task = work[running.file];
    if (!task) throw new Error(`nothing counts what ${running.file} does`);
    await task(world, running.name);
    running.runs++;
    running.next += running.everyMinutes * MINUTE;
  }
  stop();
  const told = logs.filter(({ message }) => message === "billing reconciled");
  const { accounts, subscriptions, findings } = (told[0]?.facts ?? {}) as Day["compared"];
  const synced = logs.reduce((sum, { facts }) => sum + Number(facts.synced ?? 0), 0);
  if (logs.some(({ facts }) => Number(facts.failed ?? 0) > 0)) throw new Error("a look failed");
  return {
    hours,
    compared: { accounts, subscriptions, findings },
    synced,
    schedules: new Map(plans.map((plan) => [`${plan.file}, ${plan.name}`, plan])),
  };
}
