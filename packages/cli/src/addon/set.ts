import { body, segment } from "@berth/api-client/client.ts";
import { collect, type Flags, isSet, listOf, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { deployNow, deployOption, findPlace, type Place, placeOf, placeOptions } from "./place.ts";
import { addonLines } from "./view.ts";

interface Input extends Place {
  readonly name: string;
  /** Null takes a choice back. */
  readonly choices: {
    readonly image?: string | null;
    readonly args?: string[] | null;
    readonly memory?: string | null;
    readonly services?: string[] | null;
  };
  readonly deploy: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth addon set postgres --image pgvector/pgvector:pg17", "an image of the same version"],
  ["berth addon set postgres --arg -c --arg max_connections=200", "arguments of its server"],
  ["berth addon set redis --memory 512m --service web --service worker", "a limit, and who gets its variables"],
  ["berth addon set redis --memory default --all-services", "take both back"],
  ["berth addon set redis --memory 1g --deploy", "and deploy what is live with it at once"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  deployOption(placeOptions(command))
    .option("--image <image>", "an image of the same major version; `default` is its maker's")
    .option("--arg <argument>", "an argument of its server, `default` for none; may be repeated", collect)
    .option("--memory <amount>", "the most it may have, such as 512m or 2g; `default` for no limit")
    .option("--service <name>", "who gets its variables; may be repeated", collect)
    .option("--all-services", "every service that is no database gets them");

export function parse([name = ""]: readonly string[], flags: Flags): Input {
  const text = (option: string) => {
    const value = textOf(flags, option);
    return value === undefined ? {} : { [option]: value === "default" ? null : value };
  };
  const args = Array.isArray(flags.arg) ? flags.arg.map(String) : [];
  const services = listOf(flags, "service");
  const choices: Input["choices"] = {
    ...text("image"),
    ...text("memory"),
    ...(args.length > 0 && { args: args.length === 1 && args[0] === "default" ? null : args }),
    ...(services.length > 0 && { services }),
    ...(isSet(flags, "allServices") && { services: null }),
  };
  if (Object.keys(choices).length === 0)
    throw usage("Say what is to be set: --image, --arg, --memory, --service or --all-services.", `berth addon show ${name}`);
  return { ...placeOf(flags), name, choices, deploy: isSet(flags, "deploy") };
}

export async function run(session: Session, { name, choices, deploy, ...place }: Input): Promise<Exit> {
  const { param, query } = await findPlace(session, place);
  const api = await session.api();
  const of = { param: { ...param, addon: segment(name) }, json: { ...query, ...choices } };
  const addon = await body(api.v1.apps[":app"].addons[":addon"].$patch(of));
  if (deploy) return deployNow(session, place);
  const { terminal } = session;
  const { paint, errPaint } = terminal;
  show(session, addon, () => [`${paint.green("✓")} From the next deployment on:`, "", ...addonLines(addon, terminal)]);
  note(session, errPaint.dim("Next:"), `  ${errPaint.cyan("berth deploy")}`);
  return exits.done;
}
