import { refuse } from "../refusal.ts";
import type { Session } from "../session.ts";
import { confirm } from "./ask.ts";

interface Asked {
  /** What is to be agreed to, as a sentence, for programs: they cannot be asked. */
  readonly detail: string;
  /** The command that goes ahead without asking. */
  readonly next: string;
  readonly question: string;
  /** The answer that Return gives; no, unless it is said. */
  readonly initial?: boolean;
}

/** Before something is destroyed or bought. @throws Refused cli.confirm where nobody can be asked, cli.canceled where the answer is no */
export async function agree({ terminal }: Session, { detail, next, question, initial = false }: Asked): Promise<void> {
  if (!terminal.interactive) throw refuse("cli.confirm", { detail, next: [next] });
  if (!(await confirm(question, initial))) throw refuse("cli.canceled");
}
