import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import type { Actor, Context, Credential, World } from "../context.ts";
import { erase } from "../erase.ts";
import { Problem } from "../error.ts";
import { sha256 } from "../id.ts";
import { get, listAll } from "../query.ts";
import { commit, globalKey, insert, key, remove, ttlIn, type Write } from "../table.ts";
import { roleScopes, User } from "../tenant/tenant.ts";

/** A person in a browser. Only the cookie's hash is stored: in a global row that names the tenant, and in the tenant's list. */
export const SESSION_DAYS = 30;

const Stored = z.object({
  user: z.string(),
  ...User.omit({ id: true }).shape,
  provedAt: z.string().optional(),
});

export const Session = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  ip: z.string(),
  client: z.string(),
  current: z.boolean(),
});
export type Session = z.infer<typeof Session>;

const Listed = Session.omit({ current: true }).extend({ user: z.string() });

const sessionKey = (hash: string) => globalKey("SESSION", hash);
const listedKey = (ctx: Pick<Context, "tenant">, hash: string) => key(ctx, `SESSION#${hash}`);
const hashOf = (at: { sk: unknown }) => String(at.sk).slice("SESSION#".length);
/** Identifies a session without giving access to it. */
const idOf = (hash: string) => `ses_${hash.slice(0, 20)}`;

export function insertSession(ctx: Context, secret: string, user: User, from: { ip: string; client: string }): Write[] {
  const hash = sha256(secret);
  const now = ctx.now();
  const ttl = ttlIn(ctx, SESSION_DAYS * 86_400);
  const { id, email, tenant, role } = user;
  const row = { user: id, email, tenant, role, provedAt: now.toISOString(), ttl };
  const listed = {
    id: idOf(hash),
    user: id,
    createdAt: now.toISOString(),
    expiresAt: new Date(ttl * 1000).toISOString(),
    ...from,
    ttl,
  };
  return [insert(ctx, sessionKey(hash), row), insert(ctx, listedKey(ctx, hash), listed)];
}

export const actorOf = ({ id, role, email }: Pick<User, "id" | "role" | "email">): Actor => ({
  kind: "user",
  id,
  scopes: roleScopes[role],
  name: email,
});

export async function actorOfSession(
  world: World,
  secret: string,
): Promise<{ tenant: string; actor: Actor; email: string; credential: Credential } | undefined> {
  const at = sessionKey(sha256(secret));
  const found = await get(world, at);
  if (!found) return undefined;
  const { user, role, tenant, email, provedAt } = Stored.parse(found);
  return { tenant, email, actor: actorOf({ id: user, role, email }), credential: { ...at, provedAt } };
}

const isCurrent = (ctx: Context, hash: string) => ctx.credential?.pk === sessionKey(hash).pk;

/** @throws Problem token.scope for anyone but a person */
function person(ctx: Context): string {
  if (ctx.actor.kind !== "user") throw new Problem("token.scope", { detail: "Only a person who is signed in has sessions." });
  return ctx.actor.id;
}

const sessionsOf = async (ctx: Context, user: string) =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix: "SESSION#", consistent: true }))
    .map((row) => ({ hash: hashOf(row as { sk: unknown }), ...Listed.parse(row) }))
    .filter((each) => each.user === user);

/** @throws Problem token.scope */
export async function listSessions(ctx: Context): Promise<Session[]> {
  const user = person(ctx);
  const found = await sessionsOf(ctx, user);
  return found
    .map(({ hash, user: _user, ...rest }) => ({ ...rest, current: isCurrent(ctx, hash) }))
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

const ending = (ctx: Context, hash: string): Write[] => [erase(ctx, sessionKey(hash)), erase(ctx, listedKey(ctx, hash))];

export async function endSession(ctx: Context, id: string): Promise<void> {
  const user = person(ctx);
  const found = (await sessionsOf(ctx, user)).find((each) => each.id === id);
  const missing = new Problem("session.not_found", { detail: `There is no session ${id}.` });
  if (!found) throw missing;
  await commit(
    ctx,
    erase(ctx, sessionKey(found.hash)),
    remove(ctx, listedKey(ctx, found.hash), undefined, missing),
    audit(ctx, "session.end", found.id, { name: whoIs(ctx.actor).name }),
  );
}

export const SESSIONS_MOST = 50;

export async function endOldest(ctx: Context, user: string): Promise<Write[]> {
  const found = (await sessionsOf(ctx, user)).sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  return found
    .slice(0, Math.max(0, found.length + 1 - SESSIONS_MOST))
    .slice(0, AT_ONCE)
    .flatMap(({ hash }) => ending(ctx, hash));
}

/** Sessions in one transaction, of two rows each; DynamoDB takes 100 rows. */
const AT_ONCE = 40;

/** @throws Problem token.scope */
export async function endOtherSessions(ctx: Context): Promise<{ ended: number }> {
  const user = person(ctx);
  const others = (await sessionsOf(ctx, user)).filter(({ hash }) => !isCurrent(ctx, hash));
  for (let from = 0; from < others.length; from += AT_ONCE) {
    const some = others.slice(from, from + AT_ONCE);
    await commit(
      ctx,
      ...some.flatMap(({ hash }) => ending(ctx, hash)),
      audit(ctx, "session.end", user, { name: whoIs(ctx.actor).name, detail: some.map(({ id }) => id).join(" ") }),
    );
  }
  return { ended: others.length };
}

export async function signOut(ctx: Context, secret: string): Promise<void> {
  const hash = sha256(secret);
  if (!(await get(ctx, sessionKey(hash)))) return;
  await commit(ctx, ...ending(ctx, hash), audit(ctx, "session.end", idOf(hash), { name: whoIs(ctx.actor).name }));
}
