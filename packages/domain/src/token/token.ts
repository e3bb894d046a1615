import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { type Actor, allow, type Context, type Credential, type World } from "../context.ts";
import { erase } from "../erase.ts";
import { Problem } from "../error.ts";
import { sha256 } from "../id.ts";
import type { Page, Paging } from "../page.ts";
import { fill, get, listAll } from "../query.ts";
import { scopes } from "../scope.ts";
import { globalKey, key, overtaken, remove, tryCommit, updateOne } from "../table.ts";
import { isoIn } from "../time.ts";

/**
 * A credential for the CLI, a program or an agent: `berth_<stage>_<id>_<secret><checksum>`. Only its SHA-256 is stored, in a global row
 * that names the tenant and in the tenant's own list. The checksum lets scanners recognize a token without asking us.
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
  email: z.string().optional(),
  /** The token it was made with; revoking that one revokes this one. */
  parent: z.string().optional(),
});
export type Token = z.infer<typeof Token>;

export const StoredToken = Token.extend({
  hash: z.string(),
  tenant: z.string(),
  provedAt: z.string().optional(),
  /** A row of the tenant's without which the token is not good. Such a token is in no list: it has no row of its own there. */
  holder: z.object({ pk: z.string(), sk: z.string() }).optional(),
});
export type StoredToken = z.infer<typeof StoredToken>;

/** A busy token costs one write in this time. */
const LAST_USED_MINUTES = 10;

export const checksum = (text: string) => sha256(text).slice(0, 6);

export function looksLikeToken(text: string): boolean {
  const found = /^(berth_[a-z0-9]+_[0-9A-Z]{26}_[0-9a-zA-Z]{32})([0-9a-f]{6})$/.exec(text);
  return found !== null && checksum(found[1] ?? "") === found[2];
}

export const tokenKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `TOKEN#${id}`);

export const readTokens = async (ctx: Context) =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix: "TOKEN#", newestFirst: true, consistent: true })).map((each) =>
    StoredToken.parse(each),
  );

export async function listTokens(ctx: Context, input: Paging): Promise<Page<Token>> {
  allow(ctx, "admin");
  const after = input.cursor === undefined ? undefined : `TOKEN#${input.cursor}`;
  const range = { pk: key(ctx, "").pk, prefix: "TOKEN#", after, limit: input.limit, newestFirst: true };
  const { items, last } = await fill(ctx, range, (rows) => rows.map((each) => Token.parse(each)));
  return { items, next: last?.slice("TOKEN#".length) ?? null };
}

/** Also revokes every token made with it, at any depth. @throws Problem token.not_found */
export async function revokeToken(ctx: Context, id: string): Promise<void> {
  allow(ctx, "admin");
  const missing = new Problem("token.not_found", { detail: `There is no token ${id}.` });
  const found = (await readTokens(ctx)).find((each) => each.id === id);
  if (!found) throw missing;
  const gone = new Set<string>();
  // A revoked token makes no others, so reading again finds all its children.
  for (let some = [found]; some.length > 0; some = (await readTokens(ctx)).filter(({ parent }) => gone.has(parent ?? ""))) {
    for (const each of some) {
      gone.add(each.id);
      const facts = { name: each.name, detail: each.parent && `made with ${each.parent}` };
      const removed = await tryCommit(
        ctx,
        remove(ctx, tokenKey(ctx, each.id), undefined, overtaken),
        erase(ctx, globalKey("TOKEN", each.hash)),
        audit(ctx, "token.revoke", each.id, facts),
      );
      // A child may have been removed by a concurrent revocation of its parent.
      if (!removed && each.id === id) throw missing;
    }
  }
}

export const revoked = new Problem("auth.required", { detail: "The token was revoked." });

export async function actorOfToken(
  world: World,
  secret: string,
): Promise<{ tenant: string; actor: Actor; token: Token; credential: Credential } | undefined> {
  if (!looksLikeToken(secret)) return undefined;
  const at = globalKey("TOKEN", sha256(secret));
  const found = await get(world, at);
  if (!found) return undefined;
  const token = StoredToken.parse(found);
  const now = world.now();
  if (token.expiresAt <= now.toISOString()) return undefined;
  const before = isoIn(world, -LAST_USED_MINUTES * 60);
  if (token.lastUsedAt === undefined || token.lastUsedAt < before) {
    const mark = { change: "SET lastUsedAt = :now", condition: "attribute_exists(pk)", values: { ":now": now.toISOString() } };
    const listed = token.holder ?? tokenKey(token, token.id);
    await Promise.all([updateOne(world, at, mark, revoked), updateOne(world, listed, mark, revoked)]);
  } else if (token.holder && !(await get(world, token.holder))) return undefined;
  const actor: Actor = {
    kind: "token",
    id: token.id,
    scopes: token.scopes,
    app: token.app,
    name: token.name,
    email: token.email,
  };
  return { tenant: token.tenant, actor, token, credential: { ...at, provedAt: token.provedAt } };
}
