import { body } from "@berth/api-client/client.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { findPlace, type Place, placeOf, placeOptions } from "./place.ts";
import { addonTable } from "./view.ts";

export const examples: Verb<Place>["examples"] = [
  ["berth addon list", "those of this folder's app"],
  ["berth addon list shop --environment staging", "those of another environment"],
];

export const options: NonNullable<Verb<Place>["options"]> = placeOptions;

export const parse = ([app]: readonly string[], flags: Flags): Place => {
  const place = placeOf(flags);
  return { ...place, app: app ?? place.app };
};

export async function run(session: Session, place: Place): Promise<Exit> {
  const { app, param, query } = await findPlace(session, place);
  const api = await session.api();
  const answer = await body(api.v1.apps[":app"].addons.$get({ param, query }));
  show(session, answer, () =>
    answer.items.length === 0
      ? [`${app} has no add-ons. \`berth addon add postgres\` adds one; there are redis, nats and mariadb too.`]
      : addonTable(answer.items, { ...session.terminal, now: session.now() }),
  );
  return exits.done;
}
