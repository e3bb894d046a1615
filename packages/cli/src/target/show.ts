import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { addressOf } from "./address.ts";
import { getTarget } from "./confirm.ts";
import { installCommand, publicKeyOf } from "./install.ts";
import { roleHelp } from "./managed.ts";
import { targetLines } from "./view.ts";

interface Input {
  readonly name: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target show web1", "how it is, what it has, its keys"],
  ["berth target show web1 --json", "with all the last check found"],
];

export const parse = ([name = ""]: readonly string[]): Input => ({ name });

export async function run(session: Session, { name }: Input): Promise<Exit> {
  session.names.NAME = name;
  const api = await session.api();
  const target = await getTarget(api, name);
  const { terminal } = session;
  const waits = target.status !== "ready" && target.shownKey && target.shownKey.fingerprint !== target.hostKey?.fingerprint;
  show(session, target, () => [
    ...targetLines(target, { ...terminal, now: session.now() }),
    ...(waits
      ? ["", "Its host key waits to be confirmed:", `  ${terminal.paint.cyan(`berth target trust ${target.name}`)}`]
      : []),
    ...(target.problem?.class === "auth.failed"
      ? [
          "",
          "Let the key in there with this line:",
          `  ${terminal.paint.cyan(installCommand(addressOf(target), publicKeyOf(target)))}`,
        ]
      : []),
    ...roleHelp(target, terminal),
  ]);
  return exits.done;
}
