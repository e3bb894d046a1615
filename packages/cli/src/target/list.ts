import { body } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { targetTable } from "./view.ts";

export const examples: Verb<object>["examples"] = [["berth target list", "all of them, and how they are"]];

export const parse = (): object => ({});

const wanting = (targets: readonly Target[]) =>
  targets.flatMap(({ name, status, shownKey }) =>
    shownKey && (status === "untrusted" || status === "changed")
      ? [`Confirm ${name}'s host key: berth target trust ${name}`]
      : status === "changed"
        ? [`${name} showed another host key. Look at it: berth target check ${name}`]
        : status === "untrusted" || status === "unready"
          ? [`See what ${name} lacks: berth target show ${name}`]
          : [],
  );

export async function run(session: Session): Promise<Exit> {
  const api = await session.api();
  const answer = await body(api.v1.targets.$get());
  show(session, answer, () => {
    if (answer.items.length === 0) return ["No servers yet. `berth target add NAME USER@HOST` adds one."];
    const hints = wanting(answer.items);
    return [
      ...targetTable(answer.items, { ...session.terminal, now: session.now() }),
      ...(hints.length > 0 ? ["", ...hints] : []),
    ];
  });
  return exits.done;
}
