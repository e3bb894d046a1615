import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { refuse } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { checkFingerprint } from "./add.ts";
import { type Confirming, confirmKey, getTarget } from "./confirm.ts";
import { checkedLines } from "./view.ts";

interface Input extends Confirming {
  readonly name: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target trust web1", "shows the host key and asks"],
  ["berth target trust web1 --fingerprint SHA256:...", "confirms it if it is that one"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--fingerprint <SHA256:...>", "the host key it must show; confirms it without asking")
    .option("-y, --yes", "trust whatever host key it shows");

export const parse = ([name = ""]: readonly string[], flags: Flags): Input => ({
  name,
  fingerprint: checkFingerprint(textOf(flags, "fingerprint")),
  yes: isSet(flags, "yes"),
});

export async function run(session: Session, input: Input): Promise<Exit> {
  session.names.NAME = input.name;
  const api = await session.api();
  const target = await getTarget(api, input.name);
  const checked = await confirmKey(session, api, target, input);
  if (!checked) {
    const shown = target.shownKey ?? target.hostKey;
    throw session.terminal.interactive
      ? refuse("cli.canceled", { detail: `${target.name}'s host key was not confirmed.` })
      : refuse("cli.confirm", {
          detail: `${target.name} shows ${shown?.fingerprint}.`,
          hint: "Compare it with the server's own and name it.",
          next: [`berth target trust ${target.name} --fingerprint ${shown?.fingerprint}`],
        });
  }
  show(session, checked, () => checkedLines(checked, session.terminal));
  return checked.status === "ready" ? exits.done : exits.failed;
}
