import { body, segment } from "../api/client.ts";
import type { App, Release } from "../api/types.ts";
import { findApp, findEnvironment } from "../app/name.ts";
import { type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { named } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";

interface Input {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [
  ["berth releases", "those of the app in this folder"],
  ["berth releases shop --environment staging", "those of another one"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  pagingOptions(
    command
      .option("--app <name>", "the app, by option")
      .option("-e, --environment <name>", "the environment (default: production)"),
  );

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app: app ?? textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  paging: parsePaging(flags),
});

/** Where each release serves: its targets by number. */
const liveOn = (app: App, environment = "production") => {
  const live = new Map<number, string[]>();
  for (const { name, release } of app.environments.find((each) => each.name === environment)?.targets ?? [])
    if (release !== null) live.set(release, [...(live.get(release) ?? []), name]);
  return live;
};

export const releaseTable = (
  releases: readonly Release[],
  live: ReadonlyMap<number, readonly string[]>,
  { width, paint, now }: { width: number; paint: Paint; now: Date },
): string[] =>
  table<Release>(
    [
      { title: "RELEASE", cell: ({ number }) => String(number), right: true },
      {
        title: "LIVE ON",
        cell: ({ number }) => live.get(number)?.join(", ") ?? "",
        paint: (on, text, { number }) => (live.has(number) ? on.green(text) : on.dim(text)),
        least: 10,
      },
      { title: "WHEN", cell: ({ createdAt }) => ago(createdAt, now) },
      { title: "NOTE", cell: ({ note }) => note ?? "", keep: 3, least: 12 },
      { title: "IMAGES", cell: ({ services }) => services.map(({ image }) => image).join(", "), keep: 2, least: 16 },
      { title: "BY", cell: ({ by }) => by.id, keep: 1 },
    ],
    releases,
    { width, paint },
  );

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  const api = await session.api();
  const param = { app: segment(app) };
  const [page, view] = await Promise.all([
    readPages(input.paging, (query) =>
      body(api.v1.apps[":app"].releases.$get({ param, query: { ...query, ...(environment !== undefined && { environment }) } })),
    ),
    body(api.v1.apps[":app"].$get({ param })),
  ]).catch((error: unknown) => {
    throw named(error, { APP: app });
  });
  const { terminal } = session;
  show(session, page, () => {
    if (page.items.length === 0) return [`${app} has no release yet. \`berth deploy\` makes one.`];
    const lines = releaseTable(page.items, liveOn(view, environment), { ...terminal, now: session.now() });
    return [...lines, ...more(page.next, `berth releases ${app}`)];
  });
  return exits.done;
}
