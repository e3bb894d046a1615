import { body, segment } from "@berth/api-client/client.ts";
import { checkName } from "../app/name.ts";
import { collect, type Flags, listOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { type Session, show } from "../session.ts";

interface Input {
  readonly name: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export const examples: Verb<Input>["examples"] = [
  ["berth target label web1 eu staging", "then `--target label=eu` is every server with that label"],
  ["berth target label web1 --remove staging", "takes it off again"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("--remove <label>", "a label to take off; may be given more than once", collect);

export function parse([name = "", ...labels]: readonly string[], flags: Flags): Input {
  const remove = listOf(flags, "remove");
  if (labels.length === 0 && remove.length === 0)
    throw usage("Say which label.", `berth target label ${name} LABEL`, `berth target label ${name} --remove LABEL`);
  for (const label of [...labels, ...remove]) checkName(label, "a label");
  return { name, add: labels, remove };
}

export async function run(session: Session, { name, add, remove }: Input): Promise<Exit> {
  session.names.NAME = name;
  const api = await session.api();
  const asked = { param: { target: segment(name) }, json: { add: [...add], remove: [...remove] } };
  const target = await body(api.v1.targets[":target"].labels.$post(asked));
  const { labels = [] } = target;
  show(session, target, () => [
    `${session.terminal.paint.green("✓")} ${target.name} has ${labels.length === 0 ? "no labels" : `the labels ${labels.join(", ")}`}`,
  ]);
  return exits.done;
}
