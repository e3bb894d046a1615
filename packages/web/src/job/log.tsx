import type { Event } from "@berth/api-client/types.ts";
import { useState } from "preact/hooks";
import { LogBox, LogLine } from "../ui/log.tsx";
import { Section } from "../ui/page.tsx";
import type { Followed } from "./follow.ts";
import { stepWords } from "./steps.ts";

interface Props {
  readonly followed: Followed;
  readonly targets: readonly { readonly target: string; readonly name: string }[];
}

const ALL = "";

/** Everything the runs said, in order, as it is said. */
export function Log({ followed, targets }: Props) {
  const [only, setOnly] = useState(ALL);
  const [pinned, setPinned] = useState(true);
  const lines = only === ALL ? followed.events : followed.events.filter(({ target }) => target === only);
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
      <LogBox
        label="Lines of the job"
        live
        count={lines.length}
        dropped={followed.dropped}
        empty={live ? "No output yet." : "No output."}
        pinned={pinned}
        onPinned={setPinned}
      >
        {lines.map((line) => (
          <LogLine
            key={`${line.target}:${line.seq}`}
            at={line.at}
            target={targets.length > 1 && only === ALL ? line.name : undefined}
            service={line.service}
            text={textOf(line)}
            kind={line.type === "step" || line.type === "health" ? line.type : undefined}
          />
        ))}
      </LogBox>
    </Section>
  );
}

const textOf = ({ type, step, text }: Event) =>
  type === "step" ? [stepWords[step ?? ""] ?? step, text].filter(Boolean).join(": ") : text;
