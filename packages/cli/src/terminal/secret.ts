import { usage } from "../refusal.ts";
import type { Session } from "../session.ts";

/** Never an argument: other users of this machine could read it there, and a shell would remember it. @throws Refused */
export async function readSecret(
  session: Session,
  question: string,
  [missing, ...next]: readonly [string, ...string[]],
): Promise<string> {
  if (session.terminal.interactive) {
    const { askSecret } = await import("./ask.ts");
    return askSecret(question);
  }
  const text = (await session.input()).replace(/\r?\n$/, "");
  if (text === "") throw usage(missing, ...next);
  return text;
}
