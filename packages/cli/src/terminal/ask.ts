import { refuse } from "../refusal.ts";

/** Questions to somebody at a terminal. Ctrl-C is an answer: it ends the command. */
const prompts = () => import("@clack/prompts");

async function answered<T>(answer: Promise<T>): Promise<Exclude<T, symbol>> {
  const value = await answer;
  if (typeof value === "symbol") throw refuse("cli.canceled");
  return value as Exclude<T, symbol>; // it is none, as was just seen
}

export const confirm = async (message: string, initialValue = true): Promise<boolean> =>
  answered((await prompts()).confirm({ message, initialValue }));

export const askText = async (message: string, placeholder?: string): Promise<string> =>
  answered(
    (await prompts()).text({
      message,
      ...(placeholder && { placeholder }),
      validate: (value) => (value ? undefined : "It cannot be empty"),
    }),
  );

/** What is typed is not shown. */
export const askSecret = async (message: string): Promise<string> =>
  answered((await prompts()).password({ message, validate: (value) => (value ? undefined : "It cannot be empty") }));

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

export const choose = async (message: string, options: readonly Choice[]): Promise<string> =>
  answered((await prompts()).select({ message, options: [...options], maxItems: 12 }));

export const chooseSome = async (message: string, options: readonly Choice[]): Promise<string[]> =>
  answered((await prompts()).multiselect({ message, options: [...options], required: true }));
