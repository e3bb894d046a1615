import type { Context } from "../context.ts";
import type { LogItem } from "./item.ts";
import type { LogSession } from "./log.ts";

/** Initial lines are sorted and counted across targets; a target slower than this is not waited for. */
const INITIAL_SECONDS = 5;

export function initialLines(
  ctx: Context,
  { targets, tail, follow: follows }: LogSession,
  alreadySent: boolean,
  signal: AbortSignal,
  send: (lines: readonly LogItem[]) => void,
) {
  const missing = new Set(targets.map(({ id }) => id));
  const lines: LogItem[] = [];
  let sent = alreadySent;
  const end = () => {
    if (sent) return;
    sent = true;
    lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    send(lines.slice(Math.max(0, lines.length - tail)));
  };
  const arrived = (target: string) => {
    missing.delete(target);
    if (missing.size === 0) end();
    else if (follows && !sent) void ctx.sleep(INITIAL_SECONDS * 1000, signal).then(() => signal.aborted || end());
  };
  return {
    add(target: string, found: readonly LogItem[]): boolean {
      if (sent) return false;
      lines.push(...found);
      arrived(target);
      return true;
    },
    finish: arrived,
    end,
  };
}
export type InitialLines = ReturnType<typeof initialLines>;
