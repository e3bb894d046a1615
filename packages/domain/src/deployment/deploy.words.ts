import type { KindWords } from "../job/kind-words.ts";

export const deployWords = {
  entry: ({ where, release, rollback, again }) => `${again ? "start" : rollback ? "roll back" : "deploy"} ${where} #${release}`,
  brief: ({ release, rollback, again }) =>
    again ? `start of release ${release}` : rollback ? `rollback to release ${release}` : `deployment of release ${release}`,
  title: ({ where, release, rollback, again }) => {
    if (again) return `Start ${where}, release ${release}`;
    return rollback ? `Roll ${where} back to release ${release}` : `Deploy ${where}, release ${release}`;
  },
  subject: ({ release }) => `Release ${release}`,
  done: ({ targets, release, rollback, again, unchanged }) => {
    if (unchanged) return `Nothing to change: release ${release} is what runs on ${targets}`;
    if (again) return `Started: release ${release} runs on ${targets}`;
    return rollback ? `Rolled back: release ${release} is live on ${targets}` : `Release ${release} is live on ${targets}`;
  },
  failed: ({ release }, bad, good) => [`Release ${release} did not go live`, `on ${bad}${good && `; it is live on ${good}`}`],
  canceling: {
    hint: "a release that is live stays live",
    text: "Where the new release is not live yet, it is stopped and the previous one keeps running.",
  },
  plans: false,
  releases: true,
  logs: true,
} as const satisfies KindWords;
