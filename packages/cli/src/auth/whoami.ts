import { body } from "../api/client.ts";
import type { Verb } from "../command.ts";
import { configFile } from "../config/contexts.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { facts } from "../terminal/table.ts";
import { onlyApp } from "./login.ts";

export const examples: Verb<object>["examples"] = [
  ["berth whoami", "which service, which account, what you may do"],
  ["berth whoami --json", "exit code 4 says that you are not logged in"],
];

export const parse = (): object => ({});

export async function run(session: Session): Promise<Exit> {
  const api = await session.api();
  const { url, context, tokenFrom } = await session.place();
  const me = await body(api.v1.me.$get());
  show(session, { ...me, context, url, from: tokenFrom }, () =>
    facts(
      [
        ["Service", url],
        ["Context", context],
        ["Account", me.tenant],
        ["You are", me.email ?? `${me.actor.kind} ${me.actor.id}`],
        ["You may", me.actor.scopes.join(", ")],
        ["Only app", onlyApp(me)],
        ["Token from", tokenFrom === "environment" ? "BERTH_TOKEN" : configFile(session.env)],
      ],
      session.terminal,
    ),
  );
  return exits.done;
}
