import { type Entry, flat } from "../command.ts";
import { commands } from "../commands.ts";
import { askText, choose } from "../terminal/ask.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Asks somebody who typed only `berth` what to do; answers the words they would have typed. */
export async function pick(terminal: Terminal): Promise<string[]> {
  const first = await choose(
    "What do you want to do?",
    commands.map(({ name, summary }) => ({ value: name, label: name, hint: summary })),
  );
  const chosen = commands.find(({ name }) => name === first);
  if (!chosen) throw new Error(`the picker offered "${first}", which is no command`);
  const entry = "verbs" in chosen ? await pickVerb(chosen.name, chosen.verbs) : chosen;
  const words = flat(commands).find(({ words: all }) => all[0] === first && all.at(-1) === entry.name)?.words ?? [first];
  const args: string[] = [];
  for (const [, name = ""] of entry.args.matchAll(/<([^>]+)>/g)) args.push(await askText(`${name}?`));
  const { paint } = terminal;
  terminal.err(paint.dim(`$ berth ${[...words, ...args].join(" ")}`));
  return [...words, ...args];
}

async function pickVerb(noun: string, verbs: readonly Entry[]): Promise<Entry> {
  const name = await choose(
    `${noun}: what?`,
    verbs.map((verb) => ({ value: verb.name, label: verb.name, hint: verb.summary })),
  );
  const found = verbs.find((verb) => verb.name === name);
  if (!found) throw new Error(`the picker offered "${name}", which is no command`);
  return found;
}
