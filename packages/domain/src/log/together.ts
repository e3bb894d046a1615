import type { Context } from "../context.ts";
import type { LogItem } from "./item.ts";
import type { LogSession } from "./log.ts";

/** Initial lines are sorted and counted across targets; a target slower than this is not waited for. */
const TOGETHER_SECONDS = 5;

export function together(
  ctx: Context,
  { targets, tail, follow: follows }: LogSession,
  toldBefore: boolean,
  signal: AbortSignal,
  tell: (lines: readonly LogItem[]) => void,
) {
  const missing = new Set(targets.map(({ id }) => id));
  const lines: LogItem[] = [];
  let told = toldBefore;
  const end = () => {
    if (told) return;
    told = true;
    lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    tell(lines.slice(Math.max(0, lines.length - tail)));
  };
  const came = (target: string) => {
    missing.delete(target);
    if (missing.size === 0) end();
    else if (follows && !told) void ctx.sleep(TOGETHER_SECONDS * 1000, signal).then(() => signal.aborted || end());
  };
  return {
    add(target: string, found: readonly LogItem[]): boolean {
      if (told) return false;
      lines.push(...found);
      came(target);
      return true;
    },
    none: came,
    end,
  };
}
export type Together = ReturnType<typeof together>;
