import type { App, AppStatus } from "@berth/api-client/types.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import { toldOf, took } from "../job/outcome.ts";
import { toned } from "../job/view.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts, type Layout, table } from "../terminal/table.ts";
import { clean, marked } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";

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

const tones: Record<Environment["state"], (paint: Paint) => (text: string) => string> = {
  running: (paint) => paint.green,
  degraded: (paint) => paint.yellow,
  stopped: (paint) => paint.red,
  unknown: (paint) => paint.yellow,
};

/** How an app was when it was last seen, and how long ago that is. */
export function stateText({ state, seenAt }: Pick<Environment, "state" | "seenAt">, now: Date): string {
  if (seenAt === null) return "not seen yet";
  return `${state}, seen ${since(seenAt, now)}`;
}

/** How long ago by a clock that may be before ours: what has happened is not to come. */
const since = (at: string | undefined, now: Date) => ago(at !== undefined && new Date(at) > now ? now.toISOString() : at, now);

const isLive = (environment: Environment | undefined) => environment !== undefined && liveText(environment) !== "";

export const appTable = (apps: readonly App[], { width, paint, now }: Layout): string[] =>
  table<Row>(
    [
      { title: "APP", cell: ({ app }) => app.name, paint: (on, text) => on.bold(text) },
      { title: "ENVIRONMENT", cell: ({ environment }) => environment?.name ?? "", keep: 3 },
      {
        title: "STATE",
        cell: ({ environment }) => (environment && isLive(environment) ? stateText(environment, now) : "not deployed"),
        paint: (on, text, { environment }) =>
          environment && isLive(environment) ? tones[environment.state](on)(text) : on.dim(text),
        least: 14,
      },
      { title: "RELEASE", cell: ({ environment }) => (environment ? liveText(environment) : ""), keep: 4, least: 9 },
      { title: "RELEASES", cell: ({ environment }) => String(environment?.releases ?? 0), keep: 2, right: true },
      { title: "MADE", cell: ({ app }) => ago(app.createdAt, now), keep: 1 },
    ],
    apps.flatMap((app) =>
      (app.environments.length === 0 ? [undefined] : app.environments).map((environment) => ({ app, environment })),
    ),
    { width, paint },
  );

type Status = AppStatus["environments"][number];
type Target = Status["targets"][number];
type Container = NonNullable<Target["seen"]>["containers"][number];

/** What Docker says of a container: `running (healthy)`, `exited (137)`. */
export const containerText = ({ state, health, exitCode }: Container): string =>
  `${state}${health ? ` (${health})` : exitCode !== null ? ` (${exitCode})` : ""}`;

/** As an address, or as `host:port/udp` where nothing says that it is HTTP. */
export const addressText = ({ url, host, port, protocol }: Target["addresses"][number]): string =>
  url ?? `${host.includes(":") ? `[${host}]` : host}:${port}/${protocol}`;

const containerTable = ({ targets }: Status, { width, paint, now }: Layout): string[] =>
  table<{ target: Target; container: Container }>(
    [
      { title: "SERVICE", cell: ({ container }) => container.service, least: 8 },
      { title: "SERVER", cell: ({ target }) => target.name, keep: 5, least: 8 },
      {
        title: "STATE",
        cell: ({ container }) => containerText(container),
        paint: (on, text, { container }) => (container.orphan ? on.dim : container.ok ? on.green : on.red)(text),
      },
      { title: "SINCE", cell: ({ container: { finishedAt, startedAt } }) => since(finishedAt ?? startedAt ?? undefined, now) },
      { title: "RESTARTS", cell: ({ container }) => String(container.restarts), keep: 2, right: true },
      {
        title: "PORTS",
        cell: ({ container }) => [...new Set(container.ports.map(({ published, port }) => `${published}→${port}`))].join(", "),
        keep: 3,
        least: 8,
      },
      { title: "IMAGE", cell: ({ container }) => container.image, keep: 1, least: 12 },
    ],
    targets.flatMap((target) => (target.seen?.containers ?? []).map((container) => ({ target, container }))),
    { width, paint },
  );

/** What is wrong, in sentences, and what to do about it. */
function troubles(app: string, environment: Status, { paint, now }: Layout): (readonly [mark: string, text: string])[] {
  const mark = paint.yellow("!");
  const texts = environment.targets.flatMap(({ name, release, seen, problem }) => {
    const on = clean(name);
    if (release === null) return [];
    return [
      ...(problem ? [`${on} could not be asked ${since(problem.at, now)}: ${clean(problem.message)} (${problem.class})`] : []),
      ...(seen?.containers ?? []).flatMap(({ service, why }) => (why ? [`${clean(service)} on ${on}: ${clean(why)}`] : [])),
      ...(seen?.missing ?? []).map((service) => `${clean(service)} on ${on}: It has no container.`),
    ];
  });
  const down = environment.state === "stopped" || environment.state === "degraded";
  const where = environment.name === "production" ? "" : ` --environment ${environment.name}`;
  const lines = texts.map((text) => [mark, text] as const);
  return down ? [...lines, [" ", `To start it again: ${paint.cyan(`berth app start ${app}${where}`)}`]] : lines;
}

/** An app as it runs, by what Docker said when it was last seen, and what was done to it last. */
export function statusLines(status: AppStatus, layout: Layout): string[] {
  const { paint, now, width } = layout;
  const to = { width, paint };
  return [
    ...facts(
      [
        ["App", paint.bold(status.name)],
        ["Slot", status.slot ? "one in use" : "none: it is not deployed"],
        ["Made", ago(status.createdAt, now)],
      ],
      to,
    ),
    ...status.environments.flatMap((environment) => {
      const job = status.jobs.find(({ id }) => id === environment.job);
      const live = liveText(environment) !== "";
      const containers = environment.targets.some(({ seen }) => (seen?.containers.length ?? 0) > 0);
      return [
        "",
        `${paint.bold(environment.name)}${live ? `  ${tones[environment.state](paint)(stateText(environment, now))}` : ""}`,
        ...facts(
          [
            ...environment.targets.map(({ name, release, state, seenAt, addresses }): [string, string] => [
              `  ${clean(name)}`,
              release === null
                ? paint.dim("nothing live")
                : [
                    `release ${release}`,
                    tones[state](paint)(stateText({ state, seenAt }, now)),
                    ...addresses.map((address) => paint.cyan(addressText(address))),
                  ].join(", "),
            ]),
            ["  Profiles", environment.profiles?.map(clean).join(", ")],
            [
              "  Last job",
              job &&
                `${wordsOf(job.kind).brief(toldOf(job))} ${toned(paint, job.status, job.status)}, ${ago(job.createdAt, now)}${took(job) ? `, took ${took(job)}` : ""}`,
            ],
            ["  Why", job?.failure && `${clean(job.failure.message)} (${job.failure.class})`],
            ["  See", job && (job.status === "succeeded" ? undefined : `berth jobs ${job.endedAt ? "show" : "watch"} ${job.id}`)],
          ],
          to,
        ),
        ...(containers ? ["", ...containerTable(environment, layout)] : []),
        ...(live ? troubles(status.name, environment, layout).flatMap(([mark, text]) => marked(mark, text, { width })) : []),
      ];
    }),
    ...(status.environments.length === 0 ? ["", "Not deployed yet. `berth deploy` in its folder does it."] : []),
  ];
}
