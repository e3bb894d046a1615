import { body } from "@berth/api-client/client.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import { appTable } from "./view.ts";

interface Input {
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app list", "by name, with what is live where"],
  ["berth app list --all --json", "all of them, for a program"],
];

export const options: NonNullable<Verb<Input>["options"]> = pagingOptions;

export const parse = (_: readonly string[], flags: Flags): Input => ({ paging: parsePaging(flags) });

export async function run(session: Session, { paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) => body(api.v1.apps.$get({ query })));
  show(session, page, () => {
    if (page.items.length === 0) return ["No apps yet. `berth deploy` in a folder with a compose.yaml makes one."];
    return [...appTable(page.items, { ...session.terminal, now: session.now() }), ...more(page.next, "berth app list")];
  });
  return exits.done;
}
