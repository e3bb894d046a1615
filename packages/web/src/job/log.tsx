import type { Event } from "@berth/api-client/types.ts";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Section } from "../ui/page.tsx";
import { clock } from "../ui/time.tsx";
import type { Followed } from "./follow.ts";
import { stepWords } from "./steps.ts";

interface Props {
  readonly followed: Followed;
  readonly targets: readonly { readonly target: string; readonly name: string }[];
}

const ALL = "";
/** Nearer to the end than this, new lines keep the end in sight. */
const NEAR_PX = 40;

/** Everything the runs said, in order, as it is said. */
export function Log({ followed, targets }: Props) {
  const [only, setOnly] = useState(ALL);
  const box = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const lines = only === ALL ? followed.events : followed.events.filter(({ target }) => target === only);
  useLayoutEffect(() => {
    if (box.current && pinned.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, followed.dropped]);
  const live = followed.by !== "over";
  return (
    <Section
      title="Log"
      aside={
        <div class="log-tools">
          {live && <span class="live">{followed.by === "stream" ? "live" : "live (polling)"}</span>}
          {targets.length > 1 && (
            <label>
              <span class="unseen">Show lines of</span>
              <select value={only} onChange={(event) => setOnly(event.currentTarget.value)}>
                <option value={ALL}>all targets</option>
                {targets.map(({ target, name }) => (
                  <option key={target} value={target}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
      }
    >
      <div
        ref={box}
        class="log"
        role="log"
        aria-label="Lines of the job"
        aria-live="polite"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          pinned.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
        }}
      >
        {followed.dropped > 0 && <p class="log-note">{followed.dropped} earlier lines are not shown.</p>}
        {lines.length === 0 && <p class="log-note">{live ? "No output yet." : "No output."}</p>}
        {lines.map((line) => (
          <Line key={`${line.target}:${line.seq}`} line={line} named={targets.length > 1 && only === ALL} />
        ))}
      </div>
    </Section>
  );
}

function Line({ line, named }: { line: Event; named: boolean }) {
  const text = line.type === "step" ? [stepWords[line.step ?? ""] ?? line.step, line.text].filter(Boolean).join(": ") : line.text;
  return (
    <div class={`line ${line.type === "step" ? "line-step" : line.type === "health" ? "line-health" : ""}`}>
      <time dateTime={line.at}>{clock(line.at)}</time>
      {named && <span class="line-target">{line.name}</span>}
      {line.service && <span class="line-service">{line.service}</span>}
      <span class="line-text">{text}</span>
    </div>
  );
}
