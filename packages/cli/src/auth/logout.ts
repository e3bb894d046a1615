import { body, connect, segment } from "../api/client.ts";
import type { Verb } from "../command.ts";
import { readContexts, writeContexts } from "../config/contexts.ts";
import { type Exit, exits } from "../exit.ts";
import { Refused, refuse } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { version } from "../version.ts";

export const examples: Verb<object>["examples"] = [
  ["berth logout", "revoke this computer's token and forget it"],
  ["berth logout --context staging", "another login"],
];

export const parse = (): object => ({});

export async function run(session: Session): Promise<Exit> {
  const { context } = await session.place();
  const { current, contexts } = await readContexts(session.env);
  const login = contexts[context];
  if (!login?.token) throw refuse("auth.required", { detail: `There is no login under "${context}".` });
  const revoked = login.via === "device" ? await revoke(login.url, login.token) : undefined;
  const { [context]: _, ...rest } = contexts;
  await writeContexts(session.env, {
    current: current === context ? (Object.keys(rest)[0] ?? "default") : current,
    contexts: rest,
  });
  show(session, { context, url: login.url, revoked: revoked === true }, () => [
    `${session.terminal.paint.green("✓")} Logged out of ${login.url}`,
  ]);
  if (typeof revoked === "string")
    note(session, `The token itself could not be revoked (${revoked}): berth token list shows it.`);
  if (login.via === "given") note(session, "The token was given to berth, so it was not revoked.");
  return exits.done;
}

/** True when the token is no good any more, else why it may still be. */
async function revoke(url: string, token: string): Promise<true | string> {
  const api = connect(url, { token, agent: `berth/${version()}` });
  try {
    const me = await body(api.v1.me.$get());
    await api.v1.tokens[":token"].$delete({ param: { token: segment(me.actor.id) } });
    return true;
  } catch (error) {
    // Logging out must work without the service; an unknown token is as good as revoked.
    if (!(error instanceof Refused)) throw error;
    return ["auth.required", "token.not_found"].includes(error.problem.code) ? true : error.problem.title.toLowerCase();
  }
}
