const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, or how long until, in one unit. */
export function ago(at: string | undefined, now: Date): string {
  if (at === undefined) return "-";
  const passed = now.getTime() - new Date(at).getTime();
  const far = Math.abs(passed);
  if (far < 10 * SECOND) return passed < 0 ? "in seconds" : "just now";
  const text =
    far < MINUTE
      ? `${Math.round(far / SECOND)} s`
      : far < HOUR
        ? `${Math.round(far / MINUTE)} min`
        : far < 2 * DAY
          ? `${Math.round(far / HOUR)} h`
          : `${Math.round(far / DAY)} days`;
  return passed < 0 ? `in ${text}` : `${text} ago`;
}

const two = (number: number) => String(number).padStart(2, "0");

/** A moment on the reader's own clock: `2027-03-01 12:00`. */
export function moment(at: string | undefined): string {
  if (at === undefined) return "-";
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The time of day of a log line, to the second. */
export function clockTime(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? at : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
