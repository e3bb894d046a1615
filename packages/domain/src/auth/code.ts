import { timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { audit } from "../audit/audit.ts";
import type { Actor, Context, Credential, World } from "../context.ts";
import { isOpen } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { commit, get, globalKey, insert, type Key, key, remove, store, touch, ttlIn, type Write } from "../table.ts";
import { erase } from "../tenant/erase.ts";
import { roleScopes, type User, userOfEmail } from "../tenant/tenant.ts";
import { secretText, sha256 } from "../token/token.ts";
import { limit, network } from "./rate.ts";

/** Signing in by e-mail: a six-digit code that lives ten minutes and bears five tries, then a session. Only hashes are stored. */
export const CODE_MINUTES = 10;
const TRIES = 5;
export const SESSION_DAYS = 30;

const Code = z.object({ hash: z.string(), tries: z.number().int() });
const Session = z.object({
  user: z.string(),
  email: z.string(),
  tenant: z.string(),
  role: z.enum(["owner", "member", "viewer"]),
  provedAt: z.string().optional(),
});

const sessionKey = (hash: string) => globalKey("SESSION", hash);
/** The tenant's own list of its sessions, by which they can be ended. */
export const sessionRow = (ctx: Pick<Context, "tenant">, hash: string) => key(ctx, `SESSION#${hash}`);

const hashOf = (email: string, code: string) => sha256(`${email}|${code}`);

/** Sends a code. Answers the same whether the address is known or not. */
export async function requestCode(world: World, input: { email: string; ip: string }): Promise<void> {
  await limit(world, `code#${input.email}`, { most: 5, seconds: 900 });
  await limit(world, `code-from#${network(input.ip)}`, { most: 30, seconds: 900 });
  const code = await newCode(world, globalKey("CODE", input.email), input.email);
  await world.send("mail", { to: input.email, template: "code", data: { code, minutes: CODE_MINUTES } });
}

/** Puts a new code in the place of any before it. Only its hash, bound to what it is about, is kept. */
export async function newCode(world: World, at: Key, about: string): Promise<string> {
  const number = world.random(6).reduce((sum, byte) => (sum * 256 + byte) % 1_000_000, 0);
  const code = String(number).padStart(6, "0");
  await store(world, at, { hash: hashOf(about, code), tries: 0, ttl: ttlIn(world, CODE_MINUTES * 60) });
  return code;
}

/**
 * Compares a code with the one that waits; answers the line of a commit that uses it up.
 * @throws Problem auth.code_wrong when it is another, there is none, or it was tried too often
 */
export async function takeCode(world: World, at: Key, about: string, given: string): Promise<Write> {
  const wrong = new Problem("auth.code_wrong");
  if (!(await get(world, at))) throw wrong;
  // The try is counted before it is looked at: of many at once no more than these are compared.
  const one = {
    change: "SET tries = tries + :one",
    condition: "attribute_exists(pk) AND tries < :most",
    values: { ":one": 1, ":most": TRIES },
  };
  const tooMany = new Problem("auth.code_wrong", { detail: "Too many tries. Ask for a new code." });
  const { hash } = Code.parse(await touch(world, at, one, (row) => (row ? tooMany : wrong)));
  if (!timingSafeEqual(Buffer.from(hashOf(about, given)), Buffer.from(hash))) throw wrong;
  return remove(world, at, { condition: "#hash = :hash", values: { ":hash": hash } }, wrong);
}

/** Turns a right code into a session, once. On the first sign-in the tenant is made. Answers the session's secret for the cookie. */
export async function verifyCode(world: World, input: { email: string; code: string }): Promise<{ user: User; session: string }> {
  const used = await takeCode(world, globalKey("CODE", input.email), input.email, input.code);
  const user = await userOfEmail(world, input.email);
  const session = secretText(world, 43);
  const ctx: Context = { ...world, tenant: user.tenant, actor: actorOf(user) };
  const row = {
    user: user.id,
    email: user.email,
    tenant: user.tenant,
    role: user.role,
    provedAt: world.now().toISOString(),
    ttl: ttlIn(world, SESSION_DAYS * 86_400),
  };
  const hash = sha256(session);
  await commit(
    ctx,
    used,
    isOpen(ctx),
    insert(ctx, sessionKey(hash), row),
    insert(ctx, sessionRow(ctx, hash), { user: user.id, createdAt: row.provedAt, ttl: row.ttl }),
    audit(ctx, "session.create", user.id),
  );
  return { user, session };
}

const actorOf = (user: Pick<User, "id" | "role">): Actor => ({ kind: "user", id: user.id, scopes: roleScopes[user.role] });

/** The tenant and actor of a session cookie, or undefined. */
export async function actorOfSession(
  world: World,
  session: string,
): Promise<{ tenant: string; actor: Actor; email: string; credential: Credential } | undefined> {
  const at = sessionKey(sha256(session));
  const found = await get(world, at);
  if (!found) return undefined;
  const { user, role, tenant, email, provedAt } = Session.parse(found);
  return { tenant, email, actor: actorOf({ id: user, role }), credential: { ...at, provedAt } };
}

/** Ends a session. Ending one that is not there is done already. */
export async function endSession(ctx: Context, session: string): Promise<void> {
  const hash = sha256(session);
  const at = sessionKey(hash);
  if (!(await get(ctx, at))) return;
  await commit(ctx, remove(ctx, at), erase(ctx, sessionRow(ctx, hash)), audit(ctx, "session.end", ctx.actor.id));
}
