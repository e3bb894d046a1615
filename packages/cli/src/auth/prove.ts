import { body, type Client } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { Refused, usage } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { listed } from "../terminal/text.ts";
import { moment } from "../terminal/time.ts";

interface Input {
  readonly code: string | undefined;
}

export const examples: Verb<Input>["examples"] = [
  ["berth prove", "mails a code to the account's owner, and asks for it"],
  ["berth prove 123456", "with the code: this login holds as proved for 15 minutes"],
];

export function parse([code]: readonly string[]): Input {
  if (code !== undefined && !/^\d{6}$/.test(code)) throw usage("The code is six digits.", "berth prove");
  return { code };
}

/** Has a code mailed. Answers to whom, told in part. */
const send = async (api: Client): Promise<string[]> => (await body(api.v1.auth.proof.$post())).to;
const give = async (api: Client, code: string): Promise<string> =>
  (await body(api.v1.auth.proof.verify.$post({ json: { code } }))).until;

/** Asks the person at the terminal for the code from their mail. Answers until when the login holds as proved. */
async function ask(api: Client): Promise<string> {
  const to = await send(api);
  const { askText } = await import("../terminal/ask.ts");
  return give(api, (await askText(`Code from the mail to ${listed(to)}`)).trim());
}

/** Does what may need a proof; at a terminal the code is asked for and it is done again. @throws Refused auth.proof where nobody can be asked */
export async function withProof<T>(session: Session, api: Client, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!session.terminal.interactive || !(error instanceof Refused) || error.problem.code !== "auth.proof") throw error;
    await ask(api);
    return work();
  }
}

export async function run(session: Session, { code }: Input): Promise<Exit> {
  const api = await session.api();
  const { paint, interactive } = session.terminal;
  if (code === undefined && !interactive) {
    const to = await send(api);
    show(session, { to, until: null, next: ["berth prove CODE"] }, () => [
      `A code is on its way to ${listed(to)}. Give it: ${paint.cyan("berth prove CODE")}`,
    ]);
    return exits.done;
  }
  const until = code === undefined ? await ask(api) : await give(api, code);
  show(session, { to: [], until, next: ["berth billing"] }, () => [`${paint.green("✓")} Proved until ${moment(until)}`]);
  return exits.done;
}
