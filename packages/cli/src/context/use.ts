import type { Verb } from "../command.ts";
import { changeContexts } from "../config/change.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";

interface Input {
  readonly context: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth context use staging", "commands go there from now on"],
  ["berth app list --context staging", "only this command"],
];

export const parse = ([context = ""]: readonly string[]): Input => ({ context });

export async function run(session: Session, { context }: Input): Promise<Exit> {
  let url = "";
  await changeContexts(
    session.env,
    ({ contexts }) => {
      const login = Object.hasOwn(contexts, context) ? contexts[context] : undefined;
      if (!login) {
        const names = Object.keys(contexts);
        throw usage(
          `There is no context "${context}". ${names.length > 0 ? `There are: ${names.join(", ")}.` : ""}`.trim(),
          `berth login --context ${context}`,
        );
      }
      url = login.url;
      return { current: context, contexts };
    },
    (line) => note(session, line),
  );
  show(session, { context, url }, () => [`${session.terminal.paint.green("✓")} Context ${context} is current now: ${url}`]);
  for (const name of ["BERTH_TOKEN", "BERTH_CONTEXT", "BERTH_URL"])
    if (session.env[name]) note(session, `${name} is set in this shell and goes before it.`);
  return exits.done;
}
