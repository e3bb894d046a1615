import { usage } from "../refusal.ts";

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const words: readonly (readonly [RegExp, string])[] = [
  [/\s*\b(ago|and)\b/g, ""],
  [/(?<=\d)\s*(seconds?|secs?)\b/g, "s"],
  [/(?<=\d)\s*(minutes?|mins?)\b/g, "m"],
  [/(?<=\d)\s*(hours?|hrs?)\b/g, "h"],
  [/(?<=\d)\s*days?\b/g, "d"],
  [/(?<=\d)\s*weeks?\b/g, "w"],
  [/(?<=\d)\s+(?=[smhdw]\b)|,|\s+/g, ""],
];
const moment = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * When a text like `10m`, `1h30m`, `2 days ago`, `yesterday` or `2027-03-01T12:00` was, in UTC. A moment without a zone is this machine's,
 * as the times that are shown.
 * @throws Refused for anything less
 */
export function sinceAt(text: string, now: Date, option = "--since"): string {
  const at = relative(text.trim().toLowerCase(), now) ?? absolute(text.trim());
  if (at === undefined || Number.isNaN(at.getTime()))
    throw usage(
      `${option}: "${text}" is not a time. Say how long ago, like 90s, 10m, 1h30m, 2d or "2 days ago", or a moment, like today, yesterday, 2027-03-01 or 2027-03-01T12:00:00Z.`,
    );
  return at.toISOString();
}

function relative(text: string, now: Date): Date | undefined {
  if (text === "today" || text === "yesterday")
    return new Date(now.getFullYear(), now.getMonth(), now.getDate() - (text === "yesterday" ? 1 : 0));
  const short = words.reduce((left, [word, by]) => left.replaceAll(word, by), text);
  if (!/^(\d{1,6}[smhdw])+$/.test(short)) return undefined;
  const total = [...short.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (seconds[unit ?? ""] ?? 0),
    0,
  );
  return new Date(now.getTime() - total * 1000);
}

function absolute(text: string): Date | undefined {
  const [, year, month, day, hour = "00", minute = "00", second = "00", zone = ""] = moment.exec(text) ?? [];
  if (year === undefined) return undefined;
  // A day that its month has not rolls over to the next one, where it was not meant.
  const days = new Date(Number(year), Number(month), 0).getDate();
  if (Number(day) < 1 || Number(day) > days) return undefined;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
}
