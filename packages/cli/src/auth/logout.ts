import { body, segment } from "@berth/api-client/client.ts";
import { connect } from "../api/client.ts";
import type { Verb } from "../command.ts";
import { changeContexts } from "../config/change.ts";
import { DEFAULT_CONTEXT, readContexts } from "../config/contexts.ts";
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
  const { current, contexts } = await readContexts(session.env);
  const context = session.asked.context ?? (session.env.BERTH_CONTEXT || current);
  const login = Object.hasOwn(contexts, context) ? contexts[context] : undefined;
  if (!login?.token)
    throw refuse("auth.required", {
      detail: `There is no login under "${context}".${session.env.BERTH_TOKEN ? ` ${still}` : ""}`,
    });
  const revoked = login.via === "device" ? await revoke(session, login.url, login.token) : undefined;
  await forget(session, context);
  show(session, { context, url: login.url, revoked: revoked === true }, () => [
    `${session.terminal.paint.green("✓")} Logged out of ${login.url}`,
  ]);
  if (typeof revoked === "string")
    note(session, `The token itself could not be revoked (${revoked}): berth token list shows it.`);
  if (login.via === "given") note(session, "The token was given to berth, so it was not revoked.");
  if (session.env.BERTH_TOKEN) note(session, still);
  return exits.done;
}

const still = "BERTH_TOKEN is still set in this shell, so commands go on with that token: unset BERTH_TOKEN ends it.";

/** Takes a login out of the settings, and says which one is current then. */
export async function forget(session: Session, context: string): Promise<void> {
  let next: string | undefined;
  await changeContexts(session.env, ({ current, contexts }) => {
    const { [context]: _, ...rest } = contexts;
    if (current !== context) return { current, contexts: rest };
    next = Object.keys(rest)[0];
    return { current: next ?? DEFAULT_CONTEXT, contexts: rest };
  });
  if (next !== undefined) note(session, `Context ${next} is current now.`);
}

/** True when the token is no good any more, else why it may still be. */
async function revoke(session: Session, url: string, token: string): Promise<true | string> {
  const api = connect(url, { token, agent: `berth/${version()}`, env: session.env });
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
