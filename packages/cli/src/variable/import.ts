import { resolve } from "node:path";
import { body, segment } from "@berth/api-client/client.ts";
import type { Variable } from "@berth/api-client/types.ts";
import { isSet, type Verb } from "../command.ts";
import { readText } from "../compose/text.ts";
import { readVariables } from "../compose/variables.ts";
import { type Exit, exits } from "../exit.ts";
import { refuse } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import {
  deployNow,
  deployOption,
  findPlace,
  type Kind,
  kindWords,
  namespaceOption,
  type Place,
  parsePlace,
  placeOptions,
} from "./place.ts";

interface Input extends Place {
  readonly deploy: boolean;
  readonly file: string;
}

/** As many as the service sets at once. */
const AT_ONCE = 40;

export const importFile = (kind: Kind): Verb<Input> => ({
  examples: [
    [`berth ${kind} import .env.production`, "each of its lines, as Compose reads them"],
    [`sops -d secrets.env | berth ${kind} import -`, "from standard input"],
  ],
  options: (command) => deployOption(namespaceOption(placeOptions(command))),
  parse: ([file = ""], flags) => ({ ...parsePlace(flags), deploy: isSet(flags, "deploy"), file }),
  run: async (session, input) => run(session, kind, input),
});

async function run(session: Session, kind: Kind, input: Input): Promise<Exit> {
  const found = await findPlace(session, input);
  const api = await session.api();
  const values = Object.entries(await readValues(session, input.file));
  const set: Variable[] = [];
  for (let from = 0; from < values.length; from += AT_ONCE) {
    const json = { ...found.where, kind, values: Object.fromEntries(values.slice(from, from + AT_ONCE)) };
    const { items } = await body(api.v1.apps[":app"].variables.$put({ param: { app: segment(found.app) }, json }));
    set.push(...items);
  }
  if (input.deploy) return deployNow(session, found);
  const { paint, errPaint } = session.terminal;
  const { one, many } = kindWords[kind];
  show(session, { items: set }, () => [
    `${paint.green("✓")} ${set.length === 1 ? `1 ${one.toLowerCase()}` : `${set.length} ${many}`} of ${found.app} set: ${set.map(({ name }) => name).join(", ")}`,
  ]);
  note(session, errPaint.dim(`The next deployment uses ${set.length === 1 ? "it" : "them"}.`));
  return exits.done;
}

/** What the file takes from this shell is what it takes there, and empty where nothing sets it. */
async function readValues(session: Session, file: string): Promise<Readonly<Record<string, string>>> {
  const text = file === "-" ? await session.input() : await readText(resolve(session.folder, file));
  if (text === undefined) throw refuse("cli.file", { detail: `There is no file ${file}.` });
  const values = readVariables(text, file, (name) => session.env[name], {});
  if (values.size === 0) throw refuse("cli.file", { detail: `${file} sets nothing.` });
  return Object.fromEntries(values);
}
