import type { App, AppStatus } from "../api/types.ts";
import { took } from "../job/outcome.ts";
import { toned } from "../job/view.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts, table } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";

interface Look {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}

type Environment = App["environments"][number];
interface Row {
  readonly app: App;
  readonly environment: Environment | undefined;
}

/** The releases that serve, and where: `3 on web1, web2`, or by release where servers differ. */
export function liveText({ targets }: Pick<Environment, "targets">): string {
  const releases = new Map<number, string[]>();
  for (const { name, release } of targets) if (release !== null) releases.set(release, [...(releases.get(release) ?? []), name]);
  return [...releases].map(([release, names]) => `${release} on ${names.join(", ")}`).join("; ");
}

export const appTable = (apps: readonly App[], { width, paint, now }: Look): string[] =>
  table<Row>(
    [
      { title: "APP", cell: ({ app }) => app.name, paint: (on, text) => on.bold(text) },
      { title: "ENVIRONMENT", cell: ({ environment }) => environment?.name ?? "", keep: 3 },
      {
        title: "LIVE",
        cell: ({ environment }) => (environment ? liveText(environment) : "") || "not deployed",
        paint: (on, text, { environment }) => (environment && liveText(environment) ? on.green(text) : on.dim(text)),
        least: 14,
      },
      { title: "RELEASES", cell: ({ environment }) => String(environment?.releases ?? 0), keep: 2, right: true },
      { title: "MADE", cell: ({ app }) => ago(app.createdAt, now), keep: 1 },
    ],
    apps.flatMap((app) =>
      (app.environments.length === 0 ? [undefined] : app.environments).map((environment) => ({ app, environment })),
    ),
    { width, paint },
  );

/** An app with what serves where and what was done to it last. */
export function statusLines(status: AppStatus, { width, paint, now }: Look): string[] {
  const to = { width, paint };
  return [
    ...facts(
      [
        ["App", paint.bold(status.name)],
        ["Slot", status.slot ? "holds one" : "holds none: it is not deployed"],
        ["Made", ago(status.createdAt, now)],
      ],
      to,
    ),
    ...status.environments.flatMap((environment) => {
      const job = status.jobs.find(({ id }) => id === environment.job);
      return [
        "",
        paint.bold(environment.name),
        ...facts(
          [
            ...environment.targets.map(({ name, release }): [string, string] => [
              `  ${clean(name)}`,
              release === null ? paint.dim("nothing live") : `release ${paint.green(String(release))}`,
            ]),
            [
              "  Last job",
              job &&
                `${job.kind}${job.release ? ` of release ${job.release}` : ""} ${toned(paint, job.status, job.status)}, ${ago(job.createdAt, now)}${took(job) ? `, took ${took(job)}` : ""}`,
            ],
            ["  Why", job?.failure && `${clean(job.failure.message)} (${job.failure.class})`],
            ["  See", job && (job.status === "succeeded" ? undefined : `berth jobs ${job.endedAt ? "show" : "watch"} ${job.id}`)],
          ],
          to,
        ),
      ];
    }),
    ...(status.environments.length === 0 ? ["", "Not deployed yet. `berth deploy` in its folder does it."] : []),
  ];
}
