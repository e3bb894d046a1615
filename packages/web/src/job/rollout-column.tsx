import type { Event, Rollout } from "@berth/api-client/types.ts";
import { ServerFacts } from "../target/server-facts.tsx";
import { Status } from "../ui/status.tsx";
import { Ago, span, useNow } from "../ui/time.tsx";
import { FailureDetails } from "./failure-panel.tsx";
import { type Step, stepsOf, stepWords } from "./steps.ts";
import { rolloutStatus } from "./words.ts";

interface Props {
  readonly rollout: Rollout;
  readonly events: readonly Event[];
  /** Its failure is the job's, which is shown above. */
  readonly repeated: boolean;
}

/** A job's part on one target: its steps with their times. */
export function RolloutColumn({ rollout, events, repeated }: Props) {
  const { tone, word } = rolloutStatus[rollout.status];
  const steps = stepsOf(events, { status: rollout.status, failedStep: rollout.failure?.step });
  const doing = steps.at(-1)?.doing;
  const shown = rollout.found?.hostKey as { fingerprint?: unknown } | undefined;
  return (
    <li class="card card-column rollout" aria-labelledby={`r-${rollout.target}`}>
      <div class="card-head">
        <h2 id={`r-${rollout.target}`} class="break">
          {rollout.name}
        </h2>
        <Status tone={tone}>{word}</Status>
      </div>
      {rollout.status === "waiting" && rollout.waitsFor && <p class="sub break">Behind {rollout.waitsFor}</p>}
      {rollout.nextAt && (
        <p class="sub">
          Next try <Ago at={rollout.nextAt} />
        </p>
      )}
      {steps.length > 0 && (
        <ol class="run-steps">
          {steps.map((step, i) => (
            <StepLine key={`${i}-${step.name}`} step={step} />
          ))}
        </ol>
      )}
      {doing && <p class="run-doing mono">{doing}</p>}
      <ServerFacts facts={rollout.found} />
      {typeof shown?.fingerprint === "string" && <p class="sub break mono">Host key: {shown.fingerprint}</p>}
      {rollout.downMs !== undefined && <p class="sub">Unavailable for {span(rollout.downMs)}</p>}
      {rollout.failure && !repeated && (
        <div class="note bad">
          <p>
            <strong class="break">{rollout.failure.message}</strong>
          </p>
          <FailureDetails failure={rollout.failure} deploy={false} />
        </div>
      )}
    </li>
  );
}

const tones = { done: "good", running: "busy", failed: "bad" } as const;

export function StepLine({ step }: { step: Step }) {
  return (
    <li class={`run-step ${step.state}`}>
      <Status tone={tones[step.state]}>{stepWords[step.name] ?? step.name}</Status>
      <span class="took">
        {step.endedAt === undefined ? <Running since={step.startedAt} /> : span(step.endedAt - step.startedAt)}
      </span>
    </li>
  );
}

function Running({ since }: { since: number }) {
  const now = useNow(500);
  return <>{span(Math.max(0, now - since))}</>;
}
