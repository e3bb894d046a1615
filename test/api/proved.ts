import type { Context } from "@berth/domain/context.ts";
import type { Call, TestApi } from "../support/api.ts";
import type { TestWorld } from "../support/world.ts";

/** The code of the last mail that asked an address for a proof. */
export function proofCode(test: TestWorld, email: string): string {
  const mail = test.mails().findLast(({ to, template }) => to === email && template === "proof");
  if (!mail) throw new Error(`no proof was asked of ${email}`);
  return String(mail.data.code);
}

/** Has a session or a token proved by the code in the mail to an address. */
export async function prove(api: TestApi, email: string, credential: Pick<Call, "token" | "session">): Promise<void> {
  await api.call("POST", "/v1/auth/proof", credential);
  const answer = await api.call("POST", "/v1/auth/proof/verify", { ...credential, body: { code: proofCode(api, email) } });
  if (answer.status !== 200) throw new Error(answer.text);
}

/** Somebody who proved just now. */
export const proved = (ctx: Context): Context => ({
  ...ctx,
  credential: { pk: "SESSION#test", sk: "SESSION", provedAt: ctx.now().toISOString() },
});
