import type { Command } from "commander";
import type { Exit } from "./exit.ts";
import { usage } from "./refusal.ts";
import type { Session } from "./session.ts";

export type Flags = Readonly<Record<string, unknown>>;

/** What a verb's file exports: its options, how they become input, and what it does with it. */
export interface Verb<Input> {
  /** A command and what it is good for. */
  readonly examples: readonly (readonly [command: string, why: string])[];
  readonly options?: (command: Command) => Command;
  readonly parse: (args: readonly string[], flags: Flags) => Input;
  readonly run: (session: Session, input: Input) => Promise<Exit>;
}

/** A verb whose input is its own business. */
export interface Ready {
  readonly examples: Verb<never>["examples"];
  readonly options: (command: Command) => Command;
  readonly run: (session: Session, args: readonly string[], flags: Flags) => Promise<Exit>;
}

const ready = <Input>(verb: Verb<Input>): Ready => ({
  examples: verb.examples,
  options: verb.options ?? ((command) => command),
  run: (session, args, flags) => verb.run(session, verb.parse(args, flags)),
});

/** A command as help lists it; the rest is loaded when it is asked for. */
export interface Entry {
  readonly name: string;
  readonly args: string;
  readonly summary: string;
  readonly load: () => Promise<Ready>;
}

/** `alone`: the verb that is meant where none is typed; without one that is the help. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Entry[];
  readonly alone?: string;
}

/** Under which heading the help lists a command. */
export const groups = { deploying: "Deploy:", things: "Apps and servers:", account: "Account:", signIn: "Sign in:" } as const;

/** A command by itself, or a noun with verbs. `also`: other words people type for it. */
export type Listed = (Entry | Noun) & {
  readonly group: (typeof groups)[keyof typeof groups];
  readonly also?: readonly string[];
};

export const verb = <Input>(name: string, args: string, summary: string, load: () => Promise<Verb<Input>>): Entry => ({
  name,
  args,
  summary,
  load: () => load().then(ready),
});

/** Every command with its words: `["target", "add"]`. */
export const flat = (commands: readonly Listed[]): (Entry & { readonly words: readonly string[]; readonly group: string })[] =>
  commands.flatMap((each) =>
    "verbs" in each
      ? each.verbs.map((entry) => ({ ...entry, words: [each.name, entry.name], group: each.group }))
      : [{ ...each, words: [each.name] }],
  );

export const textOf = (flags: Flags, name: string): string | undefined => {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
};

export const isSet = (flags: Flags, name: string): boolean => flags[name] === true;

/** An option that may be given several times, or once with commas. */
export const listOf = (flags: Flags, name: string): string[] => {
  const value = flags[name];
  return Array.isArray(value) ? value.flatMap((each) => String(each).split(",")).filter((each) => each !== "") : [];
};

export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** @throws Refused when it is no whole number between the two */
export function countOf(flags: Flags, name: string, least: number, most: number): number | undefined {
  const value = textOf(flags, name);
  return value === undefined ? undefined : toCount(value, `--${name}`, least, most);
}

export function toCount(text: string, what: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw usage(`${what}: "${text}" is not a whole number from ${least} to ${most}.`);
  return number;
}

/** One of the values. @throws Refused naming them */
export function choiceOf<const T extends string>(flags: Flags, name: string, values: readonly T[]): T | undefined {
  const value = textOf(flags, name);
  if (value === undefined) return undefined;
  const found = values.find((each) => each === value);
  if (found === undefined) throw usage(`--${name}: "${value}" is none of ${values.join(", ")}.`);
  return found;
}
