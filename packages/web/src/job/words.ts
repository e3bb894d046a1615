import type { Job, Rollout } from "@berth/domain/job/job.ts";
import type { Tone } from "../ui/status.tsx";

export const jobStatus: Record<Job["status"], { tone: Tone; word: string }> = {
  queued: { tone: "wait", word: "Queued" },
  running: { tone: "busy", word: "Running" },
  succeeded: { tone: "good", word: "Succeeded" },
  failed: { tone: "bad", word: "Failed" },
  canceled: { tone: "off", word: "Canceled" },
};

export const rolloutStatus: Record<Rollout["status"], { tone: Tone; word: string }> = {
  ...jobStatus,
  waiting: { tone: "wait", word: "Waits its turn" },
  retrying: { tone: "wait", word: "Tried again later" },
};

type Described = Pick<Job, "kind" | "app" | "environment" | "release" | "rollback"> & {
  readonly rollouts: Record<string, Pick<Rollout, "name">>;
};

const names = (job: Described) =>
  Object.values(job.rollouts)
    .map(({ name }) => name)
    .join(", ");

/** What a job is, in one line. */
export function jobTitle(job: Described): string {
  const where = job.environment && job.environment !== "production" ? `${job.app} (${job.environment})` : `${job.app}`;
  switch (job.kind) {
    case "deploy":
      return job.rollback ? `Roll ${where} back to release ${job.release}` : `Deploy ${where}, release ${job.release}`;
    case "remove":
      return `Remove ${where}`;
    case "check":
      return `Check ${names(job)}`;
    case "logs":
      return `Read the logs of ${where}`;
  }
}

export const jobEnded = ({ status }: Pick<Job, "status">) =>
  status === "succeeded" || status === "failed" || status === "canceled";
