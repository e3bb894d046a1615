import { segment } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";

interface Input {
  readonly deployer: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth deployer remove dpr_01J...", "its jobs deploy no more, and the tokens they hold end at once"],
];

export const parse = ([deployer = ""]: readonly string[]): Input => ({ deployer });

export async function run(session: Session, { deployer }: Input): Promise<Exit> {
  const api = await session.api();
  await api.v1.deployers[":deployer"].$delete({ param: { deployer: segment(deployer) } });
  show(session, { id: deployer, removed: true }, () => [`${session.terminal.paint.green("✓")} ${deployer} is removed`]);
  return exits.done;
}
