import { body, segment } from "@berth/api-client/client.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { findPlace, type Place, placeOf, placeOptions } from "./place.ts";
import { addonLines } from "./view.ts";

interface Input extends Place {
  readonly name: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth addon show postgres", "its variables; the password is shown to nobody"],
  ["berth addon show postgres --json", "for a program"],
];

export const options: NonNullable<Verb<Input>["options"]> = placeOptions;

export const parse = ([name = ""]: readonly string[], flags: Flags): Input => ({ ...placeOf(flags), name });

export async function run(session: Session, { name, ...place }: Input): Promise<Exit> {
  const { param, query } = await findPlace(session, place);
  const api = await session.api();
  const addon = await body(api.v1.apps[":app"].addons[":addon"].$get({ param: { ...param, addon: segment(name) }, query }));
  show(session, addon, () => addonLines(addon, session.terminal));
  return exits.done;
}
