import { createHash } from "node:crypto";
import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { type Actor, allow, type Context, type Credential, type Scope, scopes, type World } from "../context.ts";
import { isOpen } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { remember } from "../once.ts";
import { commit, get, globalKey, insert, key, list, remove, touch } from "../table.ts";

/**
 * A credential for the CLI, a program or an agent: `berth_<stage>_<id>_<secret><checksum>`. Only its SHA-256 is stored, in a global row that
 * leads to the tenant; the tenant's own row lists it. The checksum lets a scanner tell a token from noise without asking us.
 */
export const Token = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  app: z.string().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().optional(),
  by: z.string(),
});
export type Token = z.infer<typeof Token>;

const Stored = Token.extend({ hash: z.string(), tenant: z.string(), provedAt: z.string().optional() });

export const DEFAULT_DAYS = 90;
/** Last use is kept to this precision, so that a busy token costs one write in ten minutes. */
const LAST_USED_MINUTES = 10;

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const alphabet = "0123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
const checksum = (text: string) => sha256(text).slice(0, 6);

export function secretText(world: World, characters: number): string {
  let text = "";
  while (text.length < characters)
    for (const byte of world.random(characters)) if (byte < 232 && text.length < characters) text += alphabet.charAt(byte % 58);
  return text;
}

/** Whether a text has a token's form and checksum. */
export function looksLikeToken(text: string): boolean {
  const found = /^(berth_[a-z0-9]+_[0-9A-Z]{26}_[0-9a-zA-Z]{32})([0-9a-f]{6})$/.exec(text);
  return found !== null && checksum(found[1] ?? "") === found[2];
}

const row = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `TOKEN#${id}`);

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly app?: string | undefined;
  readonly days?: number | undefined;
}

/** Issues a token. The secret is in this answer and nowhere else. Nobody gives away more than they hold. */
export async function issueToken(ctx: Context, input: NewToken): Promise<Token & { secret: string }> {
  allow(ctx, "admin");
  for (const scope of input.scopes) allow(ctx, scope);
  const id = newId(ctx, "token");
  const head = `berth_${ctx.stage}_${id.slice("tok_".length)}_${secretText(ctx, 32)}`;
  const secret = head + checksum(head);
  const now = ctx.now();
  const expires = new Date(now.getTime() + (input.days ?? DEFAULT_DAYS) * 86_400_000);
  const token: Token = {
    id,
    name: input.name,
    scopes: [...input.scopes],
    ...(input.app && { app: input.app }),
    createdAt: now.toISOString(),
    expiresAt: expires.toISOString(),
    by: ctx.actor.id,
  };
  const stored = { ...token, hash: sha256(secret), tenant: ctx.tenant, ttl: Math.floor(expires.getTime() / 1000) };
  await commit(
    ctx,
    isOpen(ctx),
    remember(ctx, { ...token, secret: null }), // a repeat learns that it is done, not the secret
    insert(ctx, row(ctx, id), stored),
    insert(ctx, globalKey("TOKEN", stored.hash), stored),
    audit(ctx, "token.create", id, { detail: `${input.name}: ${input.scopes.join(" ")}` }),
  );
  return { ...token, secret };
}

export async function listTokens(ctx: Context): Promise<Token[]> {
  allow(ctx, "admin");
  const { rows } = await list(ctx, { pk: key(ctx, "").pk, prefix: "TOKEN#", newestFirst: true });
  return rows.map((each) => Token.parse(each));
}

export async function revokeToken(ctx: Context, id: string): Promise<void> {
  allow(ctx, "admin");
  const found = await get(ctx, row(ctx, id));
  const missing = new Problem("token.not_found", { detail: `There is no token ${id}.` });
  if (!found) throw missing;
  await commit(
    ctx,
    remove(ctx, row(ctx, id), undefined, missing),
    remove(ctx, globalKey("TOKEN", Stored.parse(found).hash)),
    audit(ctx, "token.revoke", id),
  );
}

/** The tenant and actor of a secret, or undefined. Keeps the last use. */
export async function actorOfToken(
  world: World,
  secret: string,
): Promise<{ tenant: string; actor: Actor; token: Token; credential: Credential } | undefined> {
  if (!looksLikeToken(secret)) return undefined;
  const at = globalKey("TOKEN", sha256(secret));
  const found = await get(world, at);
  if (!found) return undefined;
  const token = Stored.parse(found);
  const now = world.now();
  if (token.expiresAt <= now.toISOString()) return undefined;
  const before = new Date(now.getTime() - LAST_USED_MINUTES * 60_000).toISOString();
  if (token.lastUsedAt === undefined || token.lastUsedAt < before) {
    const mark = { change: "SET lastUsedAt = :now", condition: "attribute_exists(pk)", values: { ":now": now.toISOString() } };
    // Revoked between the read and the mark: refused.
    const gone = new Problem("auth.required", { detail: "The token was revoked." });
    await Promise.all([touch(world, at, mark, gone), touch(world, row(token, token.id), mark, gone)]);
  }
  const actor: Actor = { kind: "token", id: token.id, scopes: token.scopes, app: token.app };
  return { tenant: token.tenant, actor, token, credential: { ...at, provedAt: token.provedAt } };
}
