import type { Logs } from "../api/types.ts";

type Line = Logs["items"][number];

/**
 * Tells lines not seen yet from those that were, where each reading begins at the moment the last one ended. Every server has its own
 * clock, so each target's lines are judged by its own last one; of several in the same millisecond as many are new as were not there before.
 */
export function freshLines(first: readonly Line[], now: string) {
  const last = new Map<string, { at: string; seen: Map<string, number> }>();
  const keyOf = ({ service, text }: Line) => `${service}\n${text}`;

  function remember(line: Line): void {
    const known = last.get(line.target);
    if (!known || line.at > known.at) last.set(line.target, { at: line.at, seen: new Map([[keyOf(line), 1]]) });
    else if (line.at === known.at) known.seen.set(keyOf(line), (known.seen.get(keyOf(line)) ?? 0) + 1);
  }
  for (const line of first) remember(line);

  return {
    /** From when the next reading has to begin. */
    since: (): string => [...last.values()].map(({ at }) => at).sort()[0] ?? now,
    take(items: readonly Line[]): Line[] {
      const before = new Map([...last].map(([target, { at, seen }]) => [target, { at, left: new Map(seen) }]));
      const fresh = items.filter((line) => {
        const known = before.get(line.target);
        if (!known || line.at > known.at) return true;
        if (line.at < known.at) return false;
        const left = known.left.get(keyOf(line)) ?? 0;
        known.left.set(keyOf(line), left - 1);
        return left <= 0;
      });
      for (const line of fresh) remember(line);
      return fresh;
    },
  };
}
