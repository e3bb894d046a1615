import { body, segment } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { note, type Session, show } from "../session.ts";

interface Input {
  readonly name: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target use web1", "the account's default: where an app goes whose first deployment names no server"],
];

export const parse = ([name = ""]: readonly string[]): Input => ({ name });

export async function run(session: Session, { name }: Input): Promise<Exit> {
  session.names.NAME = name;
  const api = await session.api();
  const target = await body(api.v1.targets[":target"].default.$post({ param: { target: segment(name) } }));
  show(session, target, () => [`${session.terminal.paint.green("✓")} ${target.name} is the default of this account`]);
  note(
    session,
    "  An app goes there at its first deployment, unless that names servers with --target or with `targets` in its folder's berth.yaml.",
    "  Apps that run already stay where they are.",
  );
  return exits.done;
}
