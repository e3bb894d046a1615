import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context, type Credential } from "../context.ts";
import { Problem } from "../error.ts";
import { limitAll } from "../rate-limit.ts";
import { commit, get, globalKey, update } from "../table.ts";
import { memberKey, owners, User } from "../tenant/tenant.ts";
import { CODE_MINUTES, newCode, takeCode } from "./code.ts";

/**
 * A stolen session or token may read and deploy, but not reach the card, the address of the bills or the end of the account: for that the
 * person behind it enters a code from their mail, and the credential holds as proved for a quarter of an hour. A sign-in is such a proof.
 */
export const PROOF_MINUTES = 15;

/** @throws Problem auth.proof unless the credential was proved just now */
export function requireProof(ctx: Context): void {
  if (ctx.actor.kind === "system") return;
  const least = new Date(ctx.now().getTime() - PROOF_MINUTES * 60_000).toISOString();
  const provedAt = ctx.credential?.provedAt;
  if (provedAt === undefined || provedAt <= least)
    throw new Problem("auth.proof", { facts: { fix_url: `${ctx.origin}/account` } });
}

const needed = (ctx: Context): Credential => {
  if (!ctx.credential) throw new Problem("auth.required");
  return ctx.credential;
};
/** Bound to the credential: nobody else can ask for another in its place. */
const waiting = ({ pk }: Credential) => globalKey("CODE", `proof|${pk}`);

/**
 * Mails a code to the person behind the credential: the session's own address, or the owners' where a token asks. Answers the addresses,
 * told so that only who knows them recognises them. What tokens ask for uses up nothing of what a person in a browser may ask for.
 * @throws Problem token.scope for a token that could do nothing with a proof, rate.limited
 */
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

/** Who stands behind the credential: the person, or the owners where a token asks. */
export async function addresses(ctx: Context): Promise<string[]> {
  if (ctx.actor.kind !== "user") return owners(ctx);
  const found = await get(ctx, memberKey(ctx, ctx.actor.id));
  if (!found) throw new Problem("auth.required");
  return [User.parse(found).email];
}

const veiled = (email: string) => email.replace(/^(.)[^@]*(?=@)/, "$1…");

/** Takes the code from the mail. Answers until when the credential holds as proved. @throws Problem auth.code_wrong */
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
  return { until: new Date(now.getTime() + PROOF_MINUTES * 60_000).toISOString() };
}
