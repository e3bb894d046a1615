import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context, type Credential } from "../context.ts";
import { Problem } from "../error.ts";
import { get } from "../query.ts";
import { limitAll } from "../rate-limit.ts";
import { commit, globalKey, update } from "../table.ts";
import { memberKey, owners, User } from "../tenant/tenant.ts";
import { isoIn } from "../time.ts";
import { CODE_MINUTES, newCode, takeCode } from "./code.ts";
import { PROOF_MINUTES } from "./proved.ts";

const needed = (ctx: Context): Credential => {
  if (!ctx.credential) throw new Problem("auth.required");
  return ctx.credential;
};
/** Bound to the credential, so that nobody else can replace it. */
const waiting = ({ pk }: Credential) => globalKey("CODE", `proof|${pk}`);

/** Answers the masked addresses. Tokens do not use up a person's limits. @throws Problem token.scope, rate.limited */
export async function requestProof(ctx: Context): Promise<{ to: string[] }> {
  const credential = needed(ctx);
  if (ctx.actor.kind === "token" && !ctx.actor.scopes.includes("billing")) allow(ctx, "admin");
  const whose = ctx.actor.kind === "user" ? `user#${ctx.actor.id}` : `tokens#${ctx.tenant}`;
  await limitAll(ctx, [
    { name: `proof#${credential.pk}`, most: 5, seconds: 900 },
    { name: `proof-day#${whose}`, most: 20, seconds: 86_400 },
  ]);
  const to = await addresses(ctx);
  const code = await newCode(ctx, waiting(credential), credential.pk);
  for (const address of to) await ctx.send("mail", { to: address, template: "proof", data: { code, minutes: CODE_MINUTES } });
  return { to: to.map(veiled) };
}

/** The person's address, or the owners' where a token asks. */
export async function addresses(ctx: Context): Promise<string[]> {
  if (ctx.actor.kind !== "user") return owners(ctx);
  const found = await get(ctx, memberKey(ctx, ctx.actor.id));
  if (!found) throw new Problem("auth.required");
  return [User.parse(found).email];
}

const veiled = (email: string) => email.replace(/^(.)[^@]*(?=@)/, "$1…");

export async function giveProof(ctx: Context, code: string): Promise<{ until: string }> {
  const credential = needed(ctx);
  const used = await takeCode(ctx, waiting(credential), credential.pk, code);
  const now = ctx.now();
  const { pk, sk } = credential;
  const change = { change: "SET provedAt = :now", condition: "attribute_exists(pk)", values: { ":now": now.toISOString() } };
  const gone = new Problem("auth.required", { detail: "It was ended or revoked meanwhile." });
  await commit(
    ctx,
    used,
    update(ctx, { pk, sk }, change, gone),
    audit(ctx, "proof.give", ctx.actor.id, { name: whoIs(ctx.actor).name }),
  );
  return { until: isoIn(ctx, PROOF_MINUTES * 60) };
}
