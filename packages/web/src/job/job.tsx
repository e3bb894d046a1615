import { body } from "@berth/api-client/client.ts";
import type { Job } from "@berth/api-client/types.ts";
import { ended } from "@berth/domain/job/status.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import { useMutation } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api } from "../api.ts";
import { PlanOfJob } from "../plan/plan-of-job.tsx";
import { PlanOfRun } from "../plan/plan-of-run.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Skeleton } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Status } from "../ui/status.tsx";
import { Moment, span, useNow } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";
import { useRefresh } from "./activity.ts";
import { FailurePanel } from "./failure-panel.tsx";
import { useFollowed } from "./follow.ts";
import { Log } from "./log.tsx";
import { RolloutColumn } from "./rollout-column.tsx";
import { jobStatus, jobTitle, whoWords } from "./words.ts";

/** A job as it happens. */
export function JobPage({ job: id }: { job: string }) {
  const followed = useFollowed(id);
  const refresh = useRefresh();
  const [canceling, setCanceling] = useState(false);
  const { job, events, error } = followed;
  const over = followed.by === "over";
  useEffect(() => {
    if (over) refresh();
  }, [over]);
  if (!job)
    return (
      <Page title="Job" placeholder lead={<code class="break">{id}</code>}>
        {error ? <Refusal error={error} /> : <Skeleton lines={6} />}
      </Page>
    );
  const { tone, word } = jobStatus[job.status];
  const rollouts = Object.values(job.rollouts);
  return (
    <Page
      title={jobTitle(job)}
      lead={<Facts job={job} />}
      actions={
        <>
          <Status tone={tone}>{job.cancelAt && !ended(job) ? "Being canceled" : word}</Status>
          {!ended(job) && (
            <Button kind="danger" reason={job.cancelAt ? "It is being stopped" : undefined} onClick={() => setCanceling(true)}>
              Cancel
            </Button>
          )}
        </>
      }
    >
      {error ? <Refusal error={error} title="The connection was lost; asking again" /> : null}
      <p class="unseen" role="status">
        {`${word}. ${rollouts.map(({ name, status }) => `${name}: ${status}`).join(", ")}`}
      </p>
      {job.failure && <FailurePanel job={job} />}
      <ul class="rollouts" aria-label="Targets">
        {rollouts.map((rollout) => (
          <RolloutColumn
            key={rollout.target}
            rollout={rollout}
            events={events.filter(({ target }) => target === rollout.target)}
            repeated={rollout.failure?.message === job.failure?.message}
          />
        ))}
      </ul>
      <PlanOfRun rollouts={rollouts} events={events} />
      {wordsOf(job.kind).plans && job.app && job.input?.plan && ended(job) && <PlanOfJob app={job.app} id={job.input.plan} />}
      {(wordsOf(job.kind).logs || events.length > 0) && <Log followed={followed} targets={rollouts} />}
      {canceling && <Cancel job={job} onClose={() => setCanceling(false)} />}
    </Page>
  );
}

function Facts({ job }: { job: Job }) {
  const now = useNow(1_000);
  const until = job.endedAt ? Date.parse(job.endedAt) : now;
  return (
    <span class="job-facts">
      <span>
        Requested <Moment at={job.createdAt} /> by <span class="break">{whoWords(job.by)}</span>
      </span>
      {job.startedAt && (
        <span>
          {job.endedAt ? "took" : "for"} {span(Math.max(0, until - Date.parse(job.startedAt)))}
        </span>
      )}
      {job.app && (
        <span>
          <Link href={`/apps/${encodeURIComponent(job.app)}`}>{job.app}</Link>
          {job.environment && ` (${job.environment})`}
        </span>
      )}
      <code class="break">{job.id}</code>
    </span>
  );
}

function Cancel({ job, onClose }: { job: Job; onClose: () => void }) {
  const cancel = useMutation({
    mutationFn: () => body(api.jobs[":job"].cancel.$post({ param: { job: job.id } })),
    onSuccess: () => {
      said("The job is being canceled.");
      onClose();
    },
  });
  return (
    <Confirm title="Cancel this job?" act={cancel} kind="danger" yes="Cancel the job" no="Let it run" onClose={onClose}>
      {wordsOf(job.kind).canceling.text}
    </Confirm>
  );
}
