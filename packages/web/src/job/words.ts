import type { Job, Rollout } from "@berth/api-client/types.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
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
  waiting: { tone: "wait", word: "Waiting" },
  retrying: { tone: "wait", word: "Retrying" },
};

type Described = Pick<Job, "kind" | "app" | "environment" | "release" | "rollback" | "again"> & {
  readonly rollouts: Record<string, Pick<Rollout, "name">>;
};

/** Who did something: a person by address, a token by its name. */
export const whoWords = ({ kind, id, name }: Job["by"]): string =>
  kind === "system" ? "Berth" : name === undefined ? id : kind === "token" ? `token “${name}”` : name;

const names = (job: Described) =>
  Object.values(job.rollouts)
    .map(({ name }) => name)
    .join(", ");

/** What a job is, in one line. */
export function jobTitle(job: Described): string {
  const where = job.environment && job.environment !== "production" ? `${job.app} (${job.environment})` : (job.app ?? "");
  return wordsOf(job.kind).title({ ...job, where, targets: names(job) });
}
