import { segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { clean } from "../terminal/text.ts";
import { getTarget } from "./confirm.ts";

interface Input {
  readonly name: string;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target remove web1", "asks first; nothing on the server is touched"],
  ["berth target remove web1 --yes", "does not ask"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) => command.option("-y, --yes", "do not ask");

export const parse = ([name = ""]: readonly string[], flags: Flags): Input => ({ name, yes: isSet(flags, "yes") });

export async function run(session: Session, { name, yes }: Input): Promise<Exit> {
  session.names.NAME = name;
  const api = await session.api();
  const target = await getTarget(api, name);
  if (!yes)
    await agree(session, {
      detail: target.ssm
        ? `Removing ${target.name} cannot be undone.`
        : `Removing ${target.name} cannot be undone: its key is destroyed.`,
      next: `berth target remove ${target.name} --yes`,
      question: target.ssm ? `Forget ${target.name}?` : `Forget ${target.name} and destroy its key?`,
    });
  await api.v1.targets[":target"].$delete({ param: { target: segment(name) } });
  show(session, { id: target.id, name: target.name, removed: true }, () => [
    `${session.terminal.paint.green("✓")} ${target.name} is forgotten`,
  ]);
  note(
    session,
    target.publicKey === undefined
      ? `  Its role is of no use any more, if no other server is reached by it: ${clean(target.ssm?.role ?? "")}`
      : `  Its line in authorized_keys there is of no use any more: the one that ends in ${target.publicKey.split(" ").at(-1)}`,
  );
  return exits.done;
}
