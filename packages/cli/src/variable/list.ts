import { body, segment } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { findPlace, flagsOf, type Kind, kindWords, namespaceOption, type Place, parsePlace, placeOptions } from "./place.ts";
import { variableTable } from "./view.ts";

export const list = (kind: Kind): Verb<Place> => ({
  examples: [
    [`berth ${kind} list`, "those of the app of this folder"],
    [`berth ${kind} list --app shop --environment staging`, "those of another one"],
  ],
  options: (command) => namespaceOption(placeOptions(command)),
  parse: (_, flags) => parsePlace(flags),
  run: async (session, input) => run(session, kind, input),
});

async function run(session: Session, kind: Kind, input: Place): Promise<Exit> {
  const found = await findPlace(session, input);
  const api = await session.api();
  const { environment } = found.where;
  const query = environment === undefined ? {} : { environment };
  const answer = await body(api.v1.apps[":app"].variables.$get({ param: { app: segment(found.app) }, query }));
  const items = answer.items.filter(
    (each) => each.kind === kind && (input.namespace === undefined || each.namespace === input.namespace),
  );
  show(session, { items }, () =>
    items.length === 0
      ? [`No ${kindWords[kind].many} yet. \`berth ${kind} set NAME ${flagsOf(found)}\` sets one.`]
      : variableTable(items, { ...session.terminal, now: session.now() }),
  );
  return exits.done;
}
