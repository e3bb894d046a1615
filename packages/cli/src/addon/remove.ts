import { body, segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { listed } from "../terminal/text.ts";
import { deployNow, deployOption, findPlace, type Place, placeOf, placeOptions } from "./place.ts";

interface Input extends Place {
  readonly name: string;
  readonly yes: boolean;
  readonly deploy: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth addon remove redis", "asks first; the next deployment takes it off, its data stays"],
  ["berth addon remove redis --yes", "does not ask"],
  ["berth addon remove redis --deploy", "takes it off at once"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  deployOption(placeOptions(command)).option("-y, --yes", "do not ask");

export const parse = ([name = ""]: readonly string[], flags: Flags): Input => ({
  ...placeOf(flags),
  name,
  yes: isSet(flags, "yes"),
  deploy: isSet(flags, "deploy"),
});

export async function run(session: Session, { name, yes, deploy, ...place }: Input): Promise<Exit> {
  const { app, param, query } = await findPlace(session, place);
  const api = await session.api();
  if (!yes)
    await agree(session, {
      detail: `Removing ${name} takes its variables from the services of ${app} with the next deployment.`,
      next: `berth addon remove ${name} --yes`,
      question: `Remove ${name} from ${app}? Its data stays on the server.`,
    });
  const removed = await body(api.v1.apps[":app"].addons[":addon"].$delete({ param: { ...param, addon: segment(name) }, query }));
  const { kept } = removed;
  if (deploy) {
    note(
      session,
      kept ? `The data of ${name} stays in the volume ${kept.volume}` : `No release had ${name}, so there is no data`,
    );
    return deployNow(session, place, true);
  }
  const { paint, errPaint } = session.terminal;
  show(session, removed, () => [
    `${paint.green("✓")} ${app} has no ${name} from its next deployment on`,
    ...(kept
      ? [`Its data stays in the volume ${kept.volume}${kept.targets.length > 0 ? ` on ${listed(kept.targets)}` : ""}.`]
      : ["No release had it, so there is no data."]),
  ]);
  // That nothing uses its volume any more is a risk to data, which a deployment asks about.
  note(session, errPaint.dim("Next:"), `  ${errPaint.cyan(kept ? "berth deploy --accept-data-risk" : "berth deploy")}`);
  return exits.done;
}
