import { body } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { registryTable } from "./view.ts";

export const examples: Verb<object>["examples"] = [["berth registry list", "all of them, and how the last check went"]];

export const parse = (): object => ({});

export async function run(session: Session): Promise<Exit> {
  const api = await session.api();
  const answer = await body(api.v1.registries.$get());
  show(session, answer, () =>
    answer.items.length === 0
      ? ["No logins yet. `berth registry add REGISTRY --user USER` stores one."]
      : registryTable(answer.items, { ...session.terminal, now: session.now() }),
  );
  return exits.done;
}
