import { segment } from "@berth/api-client/client.ts";
import { isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import {
  deployNow,
  deployOption,
  findPlace,
  flagsOf,
  type Kind,
  kindWords,
  namespaceOption,
  type Place,
  parseName,
  parsePlace,
  placeOptions,
} from "./place.ts";

interface Input extends Place {
  readonly deploy: boolean;
  readonly name: string;
  readonly yes: boolean;
}

export const unset = (kind: Kind): Verb<Input> => ({
  examples: [
    [`berth ${kind} unset OLD_NAME`, "asks first; what runs keeps it until the next deployment"],
    [`berth ${kind} unset OLD_NAME --yes`, "does not ask"],
  ],
  options: (command) => deployOption(namespaceOption(placeOptions(command))).option("-y, --yes", "do not ask"),
  parse: ([name = ""], flags) => ({
    ...parsePlace(flags),
    deploy: isSet(flags, "deploy"),
    name: parseName(kind, name),
    yes: isSet(flags, "yes"),
  }),
  run: async (session, input) => run(session, kind, input),
});

async function run(session: Session, kind: Kind, { name, yes, deploy, ...place }: Input): Promise<Exit> {
  const found = await findPlace(session, place);
  const api = await session.api();
  if (!yes)
    await agree(session, {
      detail: `Unsetting ${name} erases its value, but for releases to which one can roll back.`,
      next: `berth ${kind} unset ${name} ${flagsOf(found)} --yes`,
      question: `Unset ${name} of ${found.app}? Its value is erased, but for releases to which one can roll back.`,
    });
  const param = { app: segment(found.app), name: segment(name) };
  await api.v1.apps[":app"].variables[":name"].$delete({ param, query: found.where });
  if (deploy) return deployNow(session, found);
  const { paint, errPaint } = session.terminal;
  show(session, { name, unset: true }, () => [`${paint.green("✓")} ${kindWords[kind].one} ${name} of ${found.app} is unset`]);
  note(
    session,
    errPaint.dim("A rollback to a release that had it brings it back: what leaked is to be revoked where it came from."),
  );
  return exits.done;
}
