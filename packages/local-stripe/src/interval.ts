import type { Interval } from "./objects/price.ts";

/** A price's rhythm of billing. */
export interface Rhythm {
  interval: Interval;
  interval_count: number;
}

const daySeconds = 86_400;

/**
 * The end of the period that begins at `start`, in a rhythm anchored at `anchor`; epoch seconds. Months are counted from the
 * anchor, so that a subscription of the 31st comes back to the 31st after a shorter month.
 */
export function periodEnd(anchor: number, start: number, { interval, interval_count: count }: Rhythm): number {
  if (interval === "day" || interval === "week") return start + count * (interval === "week" ? 7 : 1) * daySeconds;
  const step = interval === "year" ? 12 * count : count;
  let steps = Math.max(1, Math.floor(monthsBetween(anchor, start) / step));
  while (addMonths(anchor, steps * step) <= start) steps += 1;
  return addMonths(anchor, steps * step);
}

/** `count` intervals after a moment, epoch seconds. */
export function later(from: number, { interval, interval_count: count }: Rhythm): number {
  return periodEnd(from, from, { interval, interval_count: count });
}

function monthsBetween(from: number, to: number): number {
  const [one, other] = [new Date(from * 1000), new Date(to * 1000)];
  return (other.getUTCFullYear() - one.getUTCFullYear()) * 12 + other.getUTCMonth() - one.getUTCMonth();
}

function addMonths(from: number, months: number): number {
  const date = new Date(from * 1000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return Math.floor(date.getTime() / 1000);
}
