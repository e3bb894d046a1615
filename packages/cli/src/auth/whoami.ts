import { body } from "@berth/api-client/client.ts";
import { whoText } from "../audit/who.ts";
import type { Verb } from "../command.ts";
import { configFile } from "../config/contexts.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { facts } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";
import { onlyApp } from "./login.ts";

export const examples: Verb<object>["examples"] = [
  ["berth whoami", "which service, which account, what you may do"],
  ["berth whoami --json", "exit code 4 says that you are not logged in"],
];

export const parse = (): object => ({});

export async function run(session: Session): Promise<Exit> {
  const api = await session.api();
  const { url, context: named, tokenFrom } = await session.place();
  const context = tokenFrom === "context" ? named : null;
  const me = await body(api.v1.me.$get());
  const variables = { environment: "BERTH_TOKEN", deployer: "BERTH_DEPLOYER" };
  const from = tokenFrom === "context" || tokenFrom === undefined ? await configFile(session.env) : variables[tokenFrom];
  show(session, { ...me, context, url, from: tokenFrom }, () =>
    facts(
      [
        ["Service", url],
        ["Context", context ?? undefined],
        ["You are", me.email ?? whoText(me.actor)],
        ["Token", me.actor.kind === "token" ? `${clean(me.actor.name ?? "")} (${me.actor.id})`.trim() : undefined],
        ["Scopes", me.actor.scopes.join(", ")],
        ["Only app", onlyApp(me)],
        ["Account", me.tenant],
        ["Support", me.support],
        ["Token from", from],
      ],
      session.terminal,
    ),
  );
  return exits.done;
}
