import { usage } from "../refusal.ts";

const unit: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
/** As the API has it. */
const MOST_SECONDS = 45 * 60;

/** `90s`, `10m`, `1m30s`, in seconds: how long a deploy waits for a service. `from` is where it was written. @throws Refused */
export function parseWait(text: string, from: string): number {
  const parts = [...text.matchAll(/(\d{1,6})([hms])/g)];
  const seconds = parts.reduce((sum, [, count, each]) => sum + Number(count) * (unit[each ?? ""] ?? 0), 0);
  if (!/^(?:\d{1,6}[hms])+$/.test(text)) throw usage(`${from}: "${text}" is not a time like 90s, 10m or 1m30s.`);
  if (seconds < 1 || seconds > MOST_SECONDS) throw usage(`${from}: a wait is between 1s and 45m, not ${text}.`);
  return seconds;
}
