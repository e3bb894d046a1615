import type { Failure, Job } from "@berth/api-client/types.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import { Link } from "wouter-preact";
import { Prose } from "../ui/prose.tsx";
import { Scroll } from "../ui/scroll.tsx";
import { stepWords } from "./steps.ts";

/** What went wrong, where, what the container said last, what serves now, and what to do. */
export function FailurePanel({ job }: { job: Job }) {
  if (!job.failure) return null;
  const at = Object.values(job.rollouts).find(
    ({ status, failure }) => status === "failed" && failure?.class === job.failure?.class,
  );
  return (
    <section class="failure" aria-labelledby="failure">
      <h2 id="failure" class="break">
        {job.failure.message}
      </h2>
      <p class="failure-where">
        <Link href={`/errors#${encodeURIComponent(job.failure.class)}`}>
          <code>{job.failure.class}</code>
        </Link>
        {at && <span>on {at.name}</span>}
        {job.failure.step && <span>at the step {(stepWords[job.failure.step] ?? job.failure.step).toLowerCase()}</span>}
        {job.failure.service && (
          <span>
            in the service <code class="break">{job.failure.service}</code>
          </span>
        )}
      </p>
      <FailureDetails failure={job.failure} deploy={wordsOf(job.kind).releases} />
    </section>
  );
}

export function FailureDetails({ failure, deploy }: { failure: Failure; deploy: boolean }) {
  return (
    <>
      {deploy && failure.rolledBack !== undefined && (
        <p>
          <strong>
            {failure.rolledBack
              ? "The previous release serves again, with its data."
              : "The previous release could not be started again."}
          </strong>
        </p>
      )}
      {failure.remedy && (
        <p class="remedy">
          <Prose text={failure.remedy} />
        </p>
      )}
      {failure.log && failure.log.length > 0 && (
        <Scroll class="lines" label={failure.step === "build" ? "Last lines of the build" : "Last lines of the container"}>
          {failure.log.join("\n")}
        </Scroll>
      )}
    </>
  );
}
