import { resolve } from "node:path";
import { body, segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { readText } from "../compose/text.ts";
import { type Exit, exits } from "../exit.ts";
import { refuse, usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
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
  readonly file: string | undefined;
}

const examples: Readonly<Record<Kind, Verb<Input>["examples"]>> = {
  secret: [
    ["berth secret set DB_PASSWORD", "asks for it without showing it"],
    ["openssl rand -hex 24 | berth secret set DB_PASSWORD", "from standard input; a last line's end is not part of it"],
    ["berth secret set TLS_KEY --file key.pem", "from a file, as it is"],
    ["berth secret set API_KEY --environment staging", "for another environment"],
    ["berth secret set API_KEY --deploy", "and deploy what is live with it at once"],
  ],
  variable: [
    ["berth variable set LOG_LEVEL", "asks for it"],
    ["echo debug | berth variable set LOG_LEVEL", "from standard input; a last line's end is not part of it"],
    ["berth variable set LOG_LEVEL --namespace eu", "in a namespace, for deployments that name it"],
  ],
};

export const set = (kind: Kind): Verb<Input> => ({
  examples: examples[kind],
  options: (command) =>
    deployOption(namespaceOption(placeOptions(command))).option("-f, --file <path>", "take the value from this file"),
  parse: ([name = ""]: readonly string[], flags: Flags) => ({
    ...parsePlace(flags),
    deploy: isSet(flags, "deploy"),
    name: parseName(kind, name),
    file: textOf(flags, "file"),
  }),
  run: async (session, input) => run(session, kind, input),
});

async function run(session: Session, kind: Kind, input: Input): Promise<Exit> {
  const { name } = input;
  const found = await findPlace(session, input);
  const api = await session.api();
  const value = await readValue(session, kind, input);
  const json = { ...found.where, kind, values: { [name]: value } };
  const { items } = await body(api.v1.apps[":app"].variables.$put({ param: { app: segment(found.app) }, json }));
  const { paint, errPaint } = session.terminal;
  if (input.deploy) {
    note(session, `${kindWords[kind].one} ${name} of ${found.app} is set, version ${items[0]?.version}`);
    return deployNow(session, found);
  }
  show(session, items[0], () => [
    `${paint.green("✓")} ${kindWords[kind].one} ${name} of ${found.app} is set, version ${items[0]?.version}`,
  ]);
  note(session, errPaint.dim("The next deployment uses it."));
  return exits.done;
}

async function readValue(session: Session, kind: Kind, { name, file, ...place }: Input): Promise<string> {
  if (file !== undefined) {
    const text = await readText(resolve(session.folder, file));
    if (text === undefined) throw refuse("cli.file", { detail: `There is no file ${file}.` });
    return text;
  }
  if (session.terminal.interactive) {
    const { askSecret, askText } = await import("../terminal/ask.ts");
    return kind === "secret" ? askSecret(`Value of ${name}`) : askText(`Value of ${name}`);
  }
  const text = (await session.input()).replace(/\r?\n$/, "");
  if (text === "")
    throw usage(
      "The value is to come on standard input.",
      `berth ${kind} set ${name} ${flagsOf(await findPlace(session, place))} < FILE`,
    );
  return text;
}
