import type { Verb } from "../command.ts";
import { readContexts } from "../config/contexts.ts";
import { type Exit, exits } from "../exit.ts";
import { note, type Session, show } from "../session.ts";
import { table } from "../terminal/table.ts";

export const examples: Verb<object>["examples"] = [
  ["berth context list", "the logins that are kept, and the current one"],
  ["berth context list --json", "for programs: one JSON object"],
];

export const parse = (): object => ({});

export async function run(session: Session): Promise<Exit> {
  const { current, contexts } = await readContexts(session.env, (line) => note(session, line));
  const items = Object.entries(contexts).map(([name, { url, token }]) => ({
    name,
    url,
    current: name === current,
    loggedIn: token !== undefined,
  }));
  show(session, { items }, () =>
    items.length === 0
      ? ["No logins are kept: berth login"]
      : table<(typeof items)[number]>(
          [
            { title: "CONTEXT", cell: ({ name }) => name, paint: (on, text) => on.bold(text) },
            { title: "SERVICE", cell: ({ url }) => url },
            {
              title: "STATE",
              cell: ({ current, loggedIn }) => (current ? "current" : loggedIn ? "kept" : "logged out"),
              keep: 1,
            },
          ],
          items,
          session.terminal,
        ),
  );
  if (session.env.BERTH_TOKEN) note(session, "BERTH_TOKEN is set in this shell and goes before the current one.");
  return exits.done;
}
