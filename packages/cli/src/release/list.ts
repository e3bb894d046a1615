import { body, segment } from "@berth/api-client/client.ts";
import type { Release } from "@berth/api-client/types.ts";
import { findApp, findEnvironment } from "../app/name.ts";
import { whoText } from "../audit/who.ts";
import { type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
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
  ["berth releases", "how each came out, and which can be rolled back to"],
  ["berth releases shop --environment staging", "those of another one"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  pagingOptions(
    command
      .option("--app <name>", "the app, in place of the argument")
      .option("-e, --environment <name>", "the environment (default: production)"),
  );

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app: app ?? textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  paging: parsePaging(flags),
});

/** How a release came out, in words. */
export function outcomeText({ outcome, liveOn, failure }: Release): string {
  const why = failure ? `failed (${failure.class})` : "failed";
  switch (outcome) {
    case "live":
      return `live on ${liveOn.join(", ")}${failure ? `, ${why} elsewhere` : ""}`;
    case "was_live":
      return "was live";
    case "failed":
      return why;
    case "deploying":
      return "being deployed";
    default:
      return outcome;
  }
}

const tones: Partial<Record<Release["outcome"], (paint: Paint) => (text: string) => string>> = {
  live: (paint) => paint.green,
  failed: (paint) => paint.red,
  canceled: (paint) => paint.yellow,
  deploying: (paint) => paint.cyan,
};

const imageText = ({ name, image, built }: Release["services"][number]) => (built ? `${name} (built)` : image);

export const releaseTable = (
  releases: readonly Release[],
  { width, paint, now }: { width: number; paint: Paint; now: Date },
): string[] =>
  table<Release>(
    [
      { title: "RELEASE", cell: ({ number }) => String(number), right: true },
      {
        title: "OUTCOME",
        cell: outcomeText,
        paint: (on, text, { outcome }) => (tones[outcome]?.(on) ?? on.dim)(text),
        least: 18,
      },
      { title: "ROLLBACK", cell: ({ rollback }) => (rollback.possible ? "yes" : "no"), keep: 4 },
      { title: "WHEN", cell: ({ createdAt }) => ago(createdAt, now) },
      { title: "NOTE", cell: ({ note }) => note ?? "", keep: 3, least: 12 },
      { title: "IMAGES", cell: ({ services }) => services.map(imageText).join(", "), keep: 2, least: 16 },
      { title: "BY", cell: ({ by }) => whoText(by), keep: 1, least: 12 },
    ],
    releases,
    { width, paint },
  );

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const environment = await findEnvironment(session.folder, input.environment);
  session.names.APP = app;
  const api = await session.api();
  const query = environment === undefined ? {} : { environment };
  const page = await readPages(input.paging, (paging) =>
    body(api.v1.apps[":app"].releases.$get({ param: { app: segment(app) }, query: { ...paging, ...query } })),
  );
  const { terminal } = session;
  show(session, page, () => {
    if (page.items.length === 0) return [`${app} has no release yet. \`berth deploy\` makes one.`];
    return [...releaseTable(page.items, { ...terminal, now: session.now() }), ...more(page.next, `berth releases ${app}`)];
  });
  return exits.done;
}
