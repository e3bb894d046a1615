import type { Job } from "@berth/api-client/types.ts";
import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";
import { Status } from "../ui/status.tsx";
import { useRefresh } from "./activity.ts";
import { useFollowed } from "./follow.ts";
import { JobRow } from "./job-row.tsx";
import { StepLine } from "./rollout-column.tsx";
import { stepsOf } from "./steps.ts";
import { jobStatus, jobTitle, rolloutStatus } from "./words.ts";

/** Each job that is followed holds a connection open. */
const FOLLOWED = 3;

/** Jobs under way, each with its steps as they happen; of many the first ones. */
export function UnfinishedJobs({ jobs }: { jobs: readonly Job[] }) {
  if (jobs.length === 0) return null;
  return (
    <section class="going-on" aria-label="Under way">
      {jobs.slice(0, FOLLOWED).map((job) => (
        <Running key={job.id} job={job} />
      ))}
      {jobs.length > FOLLOWED && (
        <ul class="rows">
          {jobs.slice(FOLLOWED).map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Running({ job }: { job: Job }) {
  const followed = useFollowed(job.id);
  const refresh = useRefresh();
  const over = followed.by === "over";
  useEffect(() => {
    if (over) refresh();
  }, [over]);
  const now = followed.job ?? job;
  const { tone, word } = jobStatus[now.status];
  return (
    <article class="card under-way">
      <div class="card-head">
        <h2>
          <Link href={`/jobs/${encodeURIComponent(now.id)}`}>{jobTitle(now)}</Link>
        </h2>
        <Status tone={tone}>{word}</Status>
      </div>
      <ul class="under-way-targets">
        {Object.values(now.rollouts).map((rollout) => {
          const events = followed.events.filter(({ target }) => target === rollout.target);
          const steps = stepsOf(events, { status: rollout.status, failedStep: rollout.failure?.step });
          return (
            <li key={rollout.target} class="under-way-target" aria-label={`Steps on ${rollout.name}`}>
              <span class="under-way-name">{rollout.name}</span>
              {steps.length === 0 ? (
                <span class="sub">
                  {rolloutStatus[rollout.status].word}
                  {rollout.status === "waiting" && rollout.waitsFor && ` behind ${rollout.waitsFor}`}
                </span>
              ) : (
                <ol class="under-way-steps">
                  {steps.map((step, i) => (
                    <StepLine key={`${i}-${step.name}`} step={step} />
                  ))}
                </ol>
              )}
            </li>
          );
        })}
      </ul>
    </article>
  );
}
