import { body, segment } from "@berth/api-client/client.ts";
import { countOf, type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { findPlace, type Kind, namespaceOption, type Place, parseName, parsePlace, placeOptions } from "./place.ts";

interface Input extends Place {
  readonly name: string;
  readonly version: number | undefined;
  readonly reason: string | undefined;
}

const examples: Readonly<Record<Kind, Verb<Input>["examples"]>> = {
  secret: [
    ['berth secret get DB_PASSWORD --reveal --reason "restore a dump"', "the audit log says who, when and why"],
    ["berth prove", "comes first: a secret takes a code from the mail, entered in the last 15 minutes"],
  ],
  variable: [
    ["berth variable get LOG_LEVEL", "its value and nothing else"],
    ["berth variable get LOG_LEVEL --version 3", "as it was"],
  ],
};

const VERSION_MOST = 99_999_999;

export const get = (kind: Kind): Verb<Input> => ({
  examples: examples[kind],
  options: (command) => {
    const common = namespaceOption(placeOptions(command)).option(
      "--version <number>",
      "an earlier version (default: the newest)",
    );
    return kind === "variable"
      ? common
      : common
          .option("--reveal", "show it: without this word nothing is shown")
          .option("--reason <text>", "why, for the audit log");
  },
  parse: ([name = ""], flags) => parse(kind, name, flags),
  run,
});

function parse(kind: Kind, name: string, flags: Flags): Input {
  const reason = textOf(flags, "reason");
  if (kind === "secret" && (!isSet(flags, "reveal") || reason === undefined))
    throw usage(
      "A secret is shown with --reveal and for a reason.",
      `berth secret get ${parseName(kind, name)} --reveal --reason "..."`,
    );
  return { ...parsePlace(flags), name: parseName(kind, name), version: countOf(flags, "version", 1, VERSION_MOST), reason };
}

/** The value as it is and a line's end: what it is shown for reads it. */
async function run(session: Session, { name, version, reason, ...place }: Input): Promise<Exit> {
  const { app, where } = await findPlace(session, place);
  const api = await session.api();
  const param = { app: segment(app), name: segment(name) };
  const json = { ...where, ...(version !== undefined && { version }), ...(reason !== undefined && { reason }) };
  const found = await body(api.v1.apps[":app"].variables[":name"].reveal.$post({ param, json }));
  show(session, found, () => [found.value]);
  return exits.done;
}
