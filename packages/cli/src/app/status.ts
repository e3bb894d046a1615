import { body, segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { isProblem } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { progressOn } from "../terminal/progress.ts";
import { findApp } from "./name.ts";
import { statusLines } from "./view.ts";

interface Input {
  readonly app: string | undefined;
  /** Whether the servers are asked, or only what was last seen is told. */
  readonly fresh: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app status", "the app in this folder"],
  ["berth app status shop --json", "another one, for a program"],
  ["berth app status --last-seen", "without asking the servers"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app, in place of the argument")
    .option("--last-seen", "do not ask the servers; tell what was last seen");

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app: app ?? textOf(flags, "app"),
  fresh: !isSet(flags, "lastSeen"),
});

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  session.names.APP = app;
  const api = await session.api();
  const progress = progressOn(session.terminal);
  const ask = (fresh: boolean) =>
    body(api.v1.apps[":app"].status.$get({ param: { app: segment(app) }, query: { fresh: fresh ? "true" : "false" } }));
  if (input.fresh) progress.doing(() => "asking the servers");
  const status = await ask(input.fresh)
    .catch((error: unknown) => {
      // Asked too often: what was last seen is told, with its age.
      if (input.fresh && isProblem(error, "rate.limited")) return ask(false);
      throw error;
    })
    .finally(() => progress.end());
  show(session, status, () => statusLines(status, { ...session.terminal, now: session.now() }));
  return exits.done;
}
