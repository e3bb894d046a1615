import { forget } from "../auth/logout.ts";
import { withProof } from "../auth/prove.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import type { Paint } from "../terminal/paint.ts";
import { wrap } from "../terminal/text.ts";

interface Input {
  readonly leave: boolean;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth account delete", "asks, and asks for a code from your mail"],
  ["berth account delete --leave-apps", "apps run on, on servers that Berth can no longer reach"],
  ["berth account delete --yes --json", "for a program, after berth prove"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("--leave-apps", "even if apps are deployed; they stay as they are").option("-y, --yes", "do not ask");

export const parse = (_: readonly string[], flags: Flags): Input => ({
  leave: isSet(flags, "leaveApps"),
  yes: isSet(flags, "yes"),
});

const meaning = "This ends the subscription at once, without a refund, and erases the account for good";

export async function run(session: Session, { leave, yes }: Input): Promise<Exit> {
  const api = await session.api();
  if (!yes)
    await agree(session, {
      detail: `${meaning}.`,
      next: `berth account delete${leave ? " --leave-apps" : ""} --yes`,
      question: `${meaning}. Go on?`,
    });
  const query = { apps: leave ? ("leave" as const) : ("refuse" as const) };
  const { status } = await withProof(session, api, async () => (await api.v1.account.$delete({ query })).json());
  await forgetLogin(session);
  show(session, { status }, () => closedLines(status, session.terminal));
  return exits.done;
}

/** What became of the account, and what is left for its owner to do. */
export function closedLines(status: "closed" | "closing", { width, paint }: { width: number; paint: Paint }): string[] {
  const fitted = (text: string) => wrap(text, Math.max(20, Math.min(width, 100) - 2));
  const [first = "", ...more] = fitted(
    status === "closed"
      ? "The account is closed: the subscription has ended and everything is erased"
      : "The account is being closed. It goes on by itself; a mail tells when it is done",
  );
  const rest = [...more, ...fitted("Berth's key may still be on your servers: take it out of authorized_keys.")];
  return [`${paint.green("✓")} ${first}`, ...rest.map((line) => `  ${line}`)];
}

/** The login that asked is no good any more. One that was given in the environment was never kept here. */
async function forgetLogin(session: Session): Promise<void> {
  const { context, tokenFrom } = await session.place();
  if (tokenFrom === "context") await forget(session, context);
}
