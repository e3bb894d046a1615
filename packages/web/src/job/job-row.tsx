import type { Job } from "@berth/api-client/types.ts";
import { Link } from "wouter-preact";
import { Status } from "../ui/status.tsx";
import { Ago, span } from "../ui/time.tsx";
import { jobStatus, jobTitle } from "./words.ts";

/** A job in a list. */
export function JobRow({ job }: { job: Job }) {
  const { tone, word } = jobStatus[job.status];
  const took = job.startedAt && job.endedAt ? new Date(job.endedAt).getTime() - new Date(job.startedAt).getTime() : undefined;
  return (
    <li class="row">
      <div class="row-main">
        <h3 class="row-title">
          <Link href={`/jobs/${encodeURIComponent(job.id)}`}>{jobTitle(job)}</Link>
        </h3>
        <p class="row-sub">
          <Ago at={job.createdAt} />
          {took !== undefined && <span>{span(took)}</span>}
          {job.failure && <code>{job.failure.class}</code>}
        </p>
      </div>
      <Status tone={tone}>{word}</Status>
    </li>
  );
}
