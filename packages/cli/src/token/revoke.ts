import { segment } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";

interface Input {
  readonly token: string;
}

export const examples: Verb<Input>["examples"] = [["berth token revoke tok_01J...", "it stops working at once"]];

export const parse = ([token = ""]: readonly string[]): Input => ({ token });

export async function run(session: Session, { token }: Input): Promise<Exit> {
  const api = await session.api();
  await api.v1.tokens[":token"].$delete({ param: { token: segment(token) } });
  show(session, { id: token, revoked: true }, () => [`${session.terminal.paint.green("✓")} ${token} is revoked`]);
  return exits.done;
}
