import { body } from "@berth/api-client/client.ts";
import { kindNames } from "@berth/domain/addon/kind.ts";
import { once } from "../api/once.ts";
import { checkName } from "../app/name.ts";
import { collect, type Flags, isSet, listOf, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { deployNow, deployOption, findPlace, type Place, placeOf, placeOptions } from "./place.ts";
import { addonLines } from "./view.ts";

interface Input extends Place {
  readonly kind: (typeof kindNames)[number];
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly services: readonly string[];
  readonly deploy: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth addon add postgres", "services get DATABASE_URL and PGHOST, PGUSER, …"],
  ["berth addon add postgres --version 16", "another major version than the usual one"],
  ["berth addon add redis --name jobs --service worker", "a second one, with JOBS_URL, for one service"],
  ["berth addon add nats --deploy", "and deploy what is live with it at once"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  deployOption(placeOptions(command))
    .option("--version <version>", "a major version; `berth addon add KIND --version x` names those there are")
    .option("--name <name>", "its name, if not that of its kind; it begins the names of its variables")
    .option("--service <name>", "who gets its variables (default: every service that is no database); may be repeated", collect);

export function parse([asked = ""]: readonly string[], flags: Flags): Input {
  const kind = kindNames.find((each) => each === asked);
  if (kind === undefined) throw usage(`"${asked}" is none of ${kindNames.join(", ")}.`, "berth addon add postgres");
  const name = textOf(flags, "name");
  if (name !== undefined) checkName(name, "an add-on's name");
  return {
    ...placeOf(flags),
    kind,
    name,
    version: textOf(flags, "version"),
    services: listOf(flags, "service"),
    deploy: isSet(flags, "deploy"),
  };
}

export async function run(session: Session, { kind, name, version, services, deploy, ...place }: Input): Promise<Exit> {
  const { app, param, query } = await findPlace(session, place);
  const api = await session.api();
  const json = {
    ...query,
    kind,
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(services.length > 0 && { services: [...services] }),
  };
  const added = await body(api.v1.apps[":app"].addons.$post({ param, json }, once()));
  if (deploy) {
    note(session, `${app} (${added.environment}) has ${added.name}`);
    return deployNow(session, place);
  }
  const { terminal } = session;
  const { paint, errPaint } = terminal;
  show(session, added, () => [
    `${paint.green("✓")} ${app} (${added.environment}) has ${added.name} from its next deployment on`,
    "",
    ...addonLines(added, terminal),
  ]);
  note(session, errPaint.dim("Next:"), `  ${errPaint.cyan("berth deploy")}`);
  return exits.done;
}
