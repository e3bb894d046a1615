import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clock } from "./time.tsx";

/** Nearer to the end than this, new lines keep the end in sight. */
const NEAR_PX = 40;

interface LogProps {
  readonly label: string;
  /** Whether a screen reader is told new lines. */
  readonly live: boolean;
  /** How many lines are shown, and how many were dropped before them. */
  readonly count: number;
  readonly dropped: number;
  /** What stands there instead of lines. */
  readonly empty: string;
  /** Whether the end stays in sight; whoever scrolls up lets go of it. */
  readonly pinned: boolean;
  readonly onPinned: (pinned: boolean) => void;
  readonly children: ComponentChildren;
}

/** A box of lines that keeps its end in sight while lines are added. */
export function LogBox({ label, live, count, dropped, empty, pinned, onPinned, children }: LogProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (box.current && pinned) box.current.scrollTop = box.current.scrollHeight;
  }, [count, dropped, pinned]);
  return (
    <div
      ref={box}
      class="log"
      role="log"
      aria-label={label}
      aria-live={live ? "polite" : "off"}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
        onPinned(scrollHeight - scrollTop - clientHeight < NEAR_PX)
      }
    >
      {dropped > 0 && <p class="log-note">{dropped} earlier lines are not shown.</p>}
      {count === 0 && <p class="log-note">{empty}</p>}
      {children}
    </div>
  );
}

interface LineProps {
  readonly at: string;
  readonly target?: string | undefined;
  readonly service?: string | undefined;
  readonly text: string | undefined;
  readonly kind?: string | undefined;
}

/** A line: when, on which target where there are several, of which service, and what. */
export const LogLine = ({ at, target, service, text, kind }: LineProps) => (
  <div class={kind ? `line line-${kind}` : "line"}>
    <time dateTime={at}>{clock(at)}</time>
    {target && <span class="line-target">{target}</span>}
    {service && <span class="line-service">{service}</span>}
    <span class="line-text">{text}</span>
  </div>
);
