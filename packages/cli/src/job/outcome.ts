import type { Job, Rollout } from "@berth/api-client/types.ts";
import { duration } from "@berth/domain/duration.ts";
import type { Told as Telling } from "@berth/domain/job/kind-words.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import type { Paint } from "../terminal/paint.ts";
import { clean, listed, wrap } from "../terminal/text.ts";

export type Failure = NonNullable<Rollout["failure"]>;

export const rolloutsOf = (job: Job): Rollout[] => Object.values(job.rollouts).sort((a, b) => (a.name < b.name ? -1 : 1));
export const placeOf = (job: Pick<Job, "app" | "environment">) =>
  job.environment === undefined || job.environment === "production" ? (job.app ?? "") : `${job.app} (${job.environment})`;

/** A job as the words of its kind take it. */
export const toldOf = (job: Job): Telling => ({
  where: placeOf(job),
  targets: names(rolloutsOf(job)),
  release: job.release,
  rollback: job.rollback,
  again: job.again,
  unchanged: isUnchanged(job),
});

export const isUnchanged = (job: Job) => Object.values(job.rollouts).every(({ unchanged }) => unchanged === true);

/** How long its work took, or has taken by `now`; the wait for its turn is not counted. Nothing for a job that never began. */
export const took = ({ startedAt, endedAt }: Pick<Job, "startedAt" | "endedAt">, now?: Date): string | undefined => {
  const until = endedAt === undefined ? now : new Date(endedAt);
  return startedAt === undefined || until === undefined ? undefined : duration(until.getTime() - new Date(startedAt).getTime());
};

const names = (rollouts: readonly Rollout[]) => rollouts.map(({ name }) => clean(name)).join(", ");

/** A job that went well, in a sentence, and what to know besides. */
export function success(job: Job, paint: Paint): string[] {
  const all = rolloutsOf(job);
  const time = took(job) ? ` ${paint.dim(`(${took(job)})`)}` : "";
  const down = all
    .filter(({ downMs }) => downMs !== undefined && downMs > 0)
    .map(({ name, downMs = 0 }) => `  ${clean(name)}: it did not answer for ${duration(downMs)}`);
  const mark = paint.green("✓");
  const words = wordsOf(job.kind);
  return [`${mark} ${words.done(toldOf(job))}${time}`, ...(words.releases ? down : [])];
}

/** What serves on a target now, after a job that did not go well there. `live` is the release that served before, if any. */
export function served(rollout: Rollout, live: number | undefined): string {
  const changed = rollout.failure?.rolledBack;
  if (rollout.status === "canceled" && rollout.attempts === 0) return "Nothing was begun there.";
  if (changed === true) return live === undefined ? "The release before serves again." : `Release ${live} serves again.`;
  if (changed === false)
    return live === undefined
      ? "What was started was taken down; nothing of the app runs there."
      : `Release ${live} could not be started again: the app is down there.`;
  return live === undefined ? "Nothing was changed there." : `Nothing was changed: release ${live} is still live.`;
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
  const words = wordsOf(job.kind);
  const [what, where] = words.failed(toldOf(job), names(bad), names(good));
  const head = canceled
    ? `${paint.yellow("!")} ${paint.bold("Canceled")}: ${words.subject(toldOf(job)).toLowerCase()}${time}`
    : `${mark} ${paint.bold(what)} ${where}${time}`.replace(" ;", ";");
  const shown = canceled ? all : bad;
  return [
    ...wrap(head, Math.min(to.width, 100)),
    ...told(shown, (rollout) => oneFailure(job, rollout, to, live[rollout.target])).flatMap(({ on, at, lines }) => [
      "",
      ...wrap(`${paint.bold(on)}${at ? `  ${paint.red(at)}` : ""}`, Math.min(to.width, 100)),
      ...lines,
    ]),
  ];
}

interface Told {
  readonly at: string | undefined;
  readonly lines: readonly string[];
}

/** What happened on each server; where it was the same on several it is told once. */
function told(rollouts: readonly Rollout[], tell: (rollout: Rollout) => Told): (Told & { readonly on: string })[] {
  const groups = new Map<string, Told & { readonly on: string }>();
  for (const rollout of rollouts) {
    const what = tell(rollout);
    const key = JSON.stringify(what);
    const same = groups.get(key)?.on;
    groups.set(key, { ...what, on: same === undefined ? clean(rollout.name) : `${same}, ${clean(rollout.name)}` });
  }
  return [...groups.values()];
}

function oneFailure(
  job: Job,
  rollout: Rollout,
  { paint, width }: { paint: Paint; width: number },
  live: number | undefined,
): Told {
  const { failure: why } = rollout;
  const room = Math.min(width, 100) - 4;
  const text = (line: string) => wrap(clean(line), room).map((part) => `  ${part}`);
  const at =
    why && [why.class, why.step && `in ${why.step}`, why.service && `service ${clean(why.service)}`].filter(Boolean).join(", ");
  const log = why?.log ?? [];
  const lines = [
    ...(why ? why.message.split("\n").flatMap(text) : []),
    ...(wordsOf(job.kind).releases ? text(`Now: ${served(rollout, live)}`) : []),
    ...(why?.remedy && rollout.status !== "canceled" ? text(`What to do: ${why.remedy}`) : []),
    ...(log.length > 0
      ? [
          paint.dim(`  The last lines${why?.service ? ` of ${clean(why.service)}` : ""}:`),
          ...log.map((each) => `  ${paint.dim("│")} ${clean(each)}`),
        ]
      : []),
  ];
  return { at: at || undefined, lines };
}

/** Commands worth trying after a job that did not go well. */
export function nextOf(job: Job): string[] {
  const target = rolloutsOf(job).find(({ status }) => status === "failed")?.name;
  const kind = job.failure?.class ?? "";
  if (wordsOf(job.kind).releases && ["unhealthy", "start.failed"].includes(kind))
    // What `berth logs` shows is the release that serves, not the one that failed.
    return [`berth jobs show ${job.id}`, `berth jobs watch ${job.id} --verbose`];
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
      "docker.denied",
      "sudo.password",
      "compose.missing",
      "tool.missing",
      "folder.denied",
    ].includes(kind)
  )
    return [`berth target check ${target}`];
  return [`berth jobs show ${job.id}`];
}

export const namesOf = (job: Job) => listed(rolloutsOf(job).map(({ name }) => clean(name)));
