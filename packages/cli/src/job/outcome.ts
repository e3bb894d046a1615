import type { Job, Rollout } from "../api/types.ts";
import type { Paint } from "../terminal/paint.ts";
import { clean, listed, wrap } from "../terminal/text.ts";
import { duration } from "../terminal/time.ts";

export type Failure = NonNullable<Rollout["failure"]>;

export const rolloutsOf = (job: Job): Rollout[] => Object.values(job.rollouts).sort((a, b) => (a.name < b.name ? -1 : 1));
export const placeOf = (job: Pick<Job, "app" | "environment">) =>
  job.environment === undefined || job.environment === "production" ? (job.app ?? "") : `${job.app} (${job.environment})`;

export const took = (job: Pick<Job, "createdAt" | "endedAt">) =>
  job.endedAt === undefined ? undefined : duration(new Date(job.endedAt).getTime() - new Date(job.createdAt).getTime());

const names = (rollouts: readonly Rollout[]) => rollouts.map(({ name }) => clean(name)).join(", ");

/** A job that went well, in a sentence, and what to know besides. */
export function success(job: Job, paint: Paint): string[] {
  const all = rolloutsOf(job);
  const time = paint.dim(`(${took(job) ?? ""})`);
  const down = all
    .filter(({ downMs }) => downMs !== undefined && downMs > 0)
    .map(({ name, downMs = 0 }) => `  ${clean(name)}: it did not answer for ${duration(downMs)}`);
  const mark = paint.green("✓");
  switch (job.kind) {
    case "deploy":
      return [
        job.rollback
          ? `${mark} Rolled back: release ${job.release} is live on ${names(all)} ${time}`
          : `${mark} Release ${job.release} is live on ${names(all)} ${time}`,
        ...down,
      ];
    case "remove":
      return [`${mark} ${placeOf(job)} is off ${names(all)} ${time}`];
    case "check":
      return [`${mark} ${names(all)} checked ${time}`];
    case "logs":
      return [`${mark} Logs read from ${names(all)} ${time}`];
  }
}

const verbs: Record<Job["kind"], string> = {
  deploy: "did not go live",
  remove: "could not be taken off",
  check: "is not ready",
  logs: "gave no logs",
};

const subject = (job: Job) =>
  job.kind === "deploy"
    ? `Release ${job.release}`
    : job.kind === "remove"
      ? placeOf(job)
      : job.kind === "check"
        ? "The server"
        : "It";

/** What serves on a target now, after a job that did not go well there. `live` is the release that served before, if any. */
export function served(rollout: Rollout, live: number | undefined): string {
  const changed = rollout.failure?.rolledBack;
  if (rollout.status === "canceled" && rollout.attempts === 0) return "Nothing was begun there.";
  if (changed === true) return live === undefined ? "The release before serves again." : `Release ${live} serves again.`;
  if (changed === false)
    return live === undefined
      ? "What was started was taken down; nothing of the app runs there."
      : `Release ${live} could not be started again: the app is down there.`;
  return live === undefined ? "Nothing was changed there." : `Nothing was changed: release ${live} serves on.`;
}

/** Why a job did not go well, target by target, and what to do about it. */
export function failure(
  job: Job,
  to: { readonly paint: Paint; readonly width: number },
  live: Readonly<Record<string, number | undefined>> = {},
): string[] {
  const { paint } = to;
  const all = rolloutsOf(job);
  const bad = all.filter(({ status }) => status === "failed");
  const good = all.filter(({ status }) => status === "succeeded");
  const mark = paint.red("✗");
  const canceled = job.status === "canceled";
  const time = took(job) ? ` ${paint.dim(`(${took(job)})`)}` : "";
  const head = canceled
    ? `${paint.yellow("!")} ${paint.bold("Canceled")}: ${subject(job).toLowerCase()}${time}`
    : `${mark} ${paint.bold(`${subject(job)} ${verbs[job.kind]}`)} on ${names(bad)}${good.length > 0 ? `, but did on ${names(good)}` : ""}${time}`;
  const shown = canceled ? all : bad;
  return [
    ...wrap(head, Math.min(to.width, 100)),
    ...shown.flatMap((rollout) => ["", ...oneFailure(job, rollout, to, live[rollout.target])]),
  ];
}

function oneFailure(job: Job, rollout: Rollout, { paint, width }: { paint: Paint; width: number }, live: number | undefined) {
  const { failure: why } = rollout;
  const room = Math.min(width, 100) - 4;
  const text = (line: string) => wrap(clean(line), room).map((part) => `  ${part}`);
  const at =
    why && [why.class, why.step && `in ${why.step}`, why.service && `service ${clean(why.service)}`].filter(Boolean).join(", ");
  const log = why?.log ?? [];
  return [
    `${paint.bold(clean(rollout.name))}${at ? `  ${paint.red(at)}` : ""}`,
    ...(why ? text(why.message) : []),
    ...(job.kind === "deploy" ? text(`Now: ${served(rollout, live)}`) : []),
    ...(why?.remedy && rollout.status !== "canceled" ? text(`What to do: ${why.remedy}`) : []),
    ...(log.length > 0
      ? [
          paint.dim(`  The last lines${why?.service ? ` of ${clean(why.service)}` : ""}:`),
          ...log.map((each) => `  ${paint.dim("│")} ${clean(each)}`),
        ]
      : []),
  ];
}

/** Commands worth trying after a job that did not go well. */
export function nextOf(job: Job): string[] {
  const service = rolloutsOf(job).find(({ failure: why }) => why?.service)?.failure?.service;
  const target = rolloutsOf(job).find(({ status }) => status === "failed")?.name;
  const environment = job.environment && job.environment !== "production" ? ` --environment ${job.environment}` : "";
  const kind = job.failure?.class ?? "";
  if (job.kind === "deploy" && ["unhealthy", "start.failed"].includes(kind))
    return [
      `berth logs ${job.app}${environment}${service ? ` --service ${service}` : ""}`,
      `berth jobs watch ${job.id} --verbose`,
    ];
  if (kind === "hostkey.changed" || kind === "untrusted") return [`berth target trust ${target}`];
  if (
    target &&
    [
      "unreachable",
      "refused",
      "timeout",
      "auth.failed",
      "docker.missing",
      "docker.down",
      "compose.missing",
      "tool.missing",
    ].includes(kind)
  )
    return [`berth target check ${target}`];
  return [`berth jobs show ${job.id}`];
}

export const namesOf = (job: Job) => listed(rolloutsOf(job).map(({ name }) => clean(name)));
