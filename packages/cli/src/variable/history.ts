import { body, segment } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { findPlace, type Kind, namespaceOption, type Place, parseName, parsePlace, placeOptions } from "./place.ts";
import { historyTable } from "./view.ts";

interface Input extends Place {
  readonly name: string;
}

export const history = (kind: Kind): Verb<Input> => ({
  examples: [[`berth ${kind} history ${kind === "secret" ? "DB_PASSWORD" : "LOG_LEVEL"}`, "its last ten versions at least"]],
  options: (command) => namespaceOption(placeOptions(command)),
  parse: ([name = ""], flags) => ({ ...parsePlace(flags), name: parseName(kind, name) }),
  run,
});

async function run(session: Session, input: Input): Promise<Exit> {
  const { app, where } = await findPlace(session, input);
  const api = await session.api();
  const param = { app: segment(app), name: segment(input.name) };
  const found = await body(api.v1.apps[":app"].variables[":name"].history.$get({ param, query: where }));
  show(session, found, () => historyTable(found, { ...session.terminal, now: session.now() }));
  return exits.done;
}
