import { body } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { targetTable } from "./view.ts";

interface Input {
  readonly label: string | undefined;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target list", "all of them, and how they are"],
  ["berth target list --label eu", "those with that label"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("--label <label>", "those with this label only");

export const parse = (_: readonly string[], flags: Flags): Input => ({ label: textOf(flags, "label") });

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

export async function run(session: Session, { label }: Input): Promise<Exit> {
  const api = await session.api();
  const all = await body(api.v1.targets.$get());
  const answer = label === undefined ? all : { ...all, items: all.items.filter(({ labels = [] }) => labels.includes(label)) };
  show(session, answer, () => {
    if (label !== undefined && answer.items.length === 0) return [`No server has the label "${label}".`];
    if (answer.items.length === 0) return ["No servers yet. `berth target add NAME USER@HOST` adds one."];
    const hints = wanting(answer.items);
    return [
      ...targetTable(answer.items, { ...session.terminal, now: session.now() }),
      ...(hints.length > 0 ? ["", ...hints] : []),
    ];
  });
  return exits.done;
}
