import type { Job, Rollout } from "@berth/api-client/types.ts";
import { duration } from "@berth/domain/duration.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import { whoText } from "../audit/who.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts, type Layout, table } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";
import { ago, moment } from "../terminal/time.ts";
import { rolloutsOf, served, toldOf, took } from "./outcome.ts";

const tones: Record<string, (paint: Paint) => (text: string) => string> = {
  succeeded: (paint) => paint.green,
  ready: (paint) => paint.green,
  failed: (paint) => paint.red,
  unready: (paint) => paint.red,
  changed: (paint) => paint.red,
  canceled: (paint) => paint.yellow,
  retrying: (paint) => paint.yellow,
  untrusted: (paint) => paint.yellow,
  waiting: (paint) => paint.yellow,
  running: (paint) => paint.cyan,
};

/** A status in the colour of what it means. */
export const toned = (paint: Paint, text: string, status: string) => (tones[status]?.(paint) ?? ((same: string) => same))(text);

const what = (job: Job) => wordsOf(job.kind).entry(toldOf(job));

export const jobTable = (jobs: readonly Job[], { width, paint, now }: Layout): string[] =>
  table<Job>(
    [
      { title: "JOB", cell: ({ id }) => id },
      { title: "STATUS", cell: ({ status }) => status, paint: (on, text, { status }) => toned(on, text, status) },
      { title: "WHAT", cell: what, least: 16 },
      {
        title: "TARGETS",
        cell: (job) =>
          rolloutsOf(job)
            .map(({ name }) => name)
            .join(", "),
        keep: 2,
        least: 10,
      },
      { title: "TOOK", cell: (job) => took(job, now) ?? "-", keep: 1, right: true },
      { title: "WHEN", cell: ({ createdAt }) => ago(createdAt, now), keep: 3 },
    ],
    jobs,
    { width, paint },
  );

export function jobLines(job: Job, { width, paint, now }: Layout): string[] {
  const to = { width, paint };
  return [
    ...facts(
      [
        ["Job", job.id],
        ["What", what(job)],
        [
          "Status",
          `${toned(paint, job.status, job.status)}${job.cancelAt && job.status === "running" ? ", being canceled" : ""}`,
        ],
        ["By", whoText(job.by)],
        ["Requested", `${moment(job.createdAt)} (${ago(job.createdAt, now)})`],
        ["Took", took(job) ?? (job.startedAt && `${took(job, now)} so far`)],
      ],
      to,
    ),
    ...rolloutsOf(job).flatMap((rollout) => ["", ...rolloutLines(job, rollout, to)]),
  ];
}

function rolloutLines(job: Job, rollout: Rollout, to: { width: number; paint: Paint }): string[] {
  const { failure } = rollout;
  const log = failure?.log ?? [];
  return [
    `${to.paint.bold(clean(rollout.name))}  ${toned(to.paint, rollout.status, rollout.status)}`,
    ...facts(
      [
        ["  Waits for", rollout.waitsFor && clean(rollout.waitsFor)],
        ["  Next try", rollout.nextAt && moment(rollout.nextAt)],
        ["  Down for", rollout.downMs ? duration(rollout.downMs) : undefined],
        [
          "  Failure",
          failure &&
            [failure.class, failure.step && `in ${failure.step}`, failure.service && `service ${clean(failure.service)}`]
              .filter(Boolean)
              .join(", "),
        ],
        ["  Message", failure && clean(failure.message)],
        ["  Now", failure && wordsOf(job.kind).releases && rollout.status === "failed" ? served(rollout, undefined) : undefined],
        ["  What to do", failure?.remedy && clean(failure.remedy)],
      ],
      to,
    ),
    ...(log.length > 0 ? [to.paint.dim("  Last lines")] : []),
    ...log.map((line) => `  ${to.paint.dim("│")} ${clean(line)}`),
  ];
}
