import type { Context } from "../context.ts";
import { Problem } from "../error.ts";
import { isoIn } from "../time.ts";

/**
 * A stolen session or token can read and deploy, but cannot change the card or billing address or close the account: that takes a code from
 * the person's mail, which proves the credential for a quarter of an hour. Signing in is such a proof.
 */
export const PROOF_MINUTES = 15;

export function requireProof(ctx: Context): void {
  if (ctx.actor.kind === "system") return;
  const least = isoIn(ctx, -PROOF_MINUTES * 60);
  const provedAt = ctx.credential?.provedAt;
  if (provedAt === undefined || provedAt <= least)
    throw new Problem("auth.proof", { facts: { fix_url: `${ctx.origin}/account` } });
}
