import { body, segment } from "../api/client.ts";
import { type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { named } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { findApp } from "./name.ts";
import { statusLines } from "./view.ts";

interface Input {
  readonly app: string | undefined;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app status", "the app in this folder"],
  ["berth app status shop --json", "another one, for a program"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) => command.option("--app <name>", "the app, by option");

export const parse = ([app]: readonly string[], flags: Flags): Input => ({ app: app ?? textOf(flags, "app") });

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  const api = await session.api();
  const status = await body(api.v1.apps[":app"].status.$get({ param: { app: segment(app) } })).catch((error: unknown) => {
    throw named(error, { APP: app });
  });
  show(session, status, () => statusLines(status, { ...session.terminal, now: session.now() }));
  return exits.done;
}
