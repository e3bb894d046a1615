import { createHash } from "node:crypto";
import { actorOfSession } from "@berth/domain/auth/session.ts";
import type { Actor, Context } from "@berth/domain/context.ts";
import { Account, accountKey, entitlement, restrictedBy } from "@berth/domain/entitlement/account.ts";
import { Problem } from "@berth/domain/error.ts";
import { get } from "@berth/domain/table.ts";
import { actorOfToken } from "@berth/domain/token/token.ts";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { Env } from "./request.ts";

/** The cookie's name. `__Host-` binds it to one origin over TLS; a plain-HTTP machine of one's own cannot have that. */
export const cookieName = (origin: string) => (origin.startsWith("https:") ? "__Host-berth" : "berth");

/** The cookie that tells one browser from another while nobody is signed in; a sign-in code is bound to it. */
export const browserCookie = (origin: string) => (origin.startsWith("https:") ? "__Host-berth-browser" : "berth-browser");

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A write that a browser says it sends from another site is refused, whoever it is from: a page elsewhere may neither use a session nor begin
 * one in a visitor's name. Programs send neither header. With a bearer token nothing is done that its holder did not mean.
 */
function refuseForeign(req: { method: string; header: (name: string) => string | undefined }, origin: string): void {
  if (reads.has(req.method)) return;
  const from = req.header("origin");
  const site = req.header("sec-fetch-site");
  if (from !== undefined ? from !== origin : site !== undefined && site !== "same-origin" && site !== "none")
    throw new Problem("auth.origin");
}

/**
 * Finds out who asks, from a bearer token or the session cookie, and gives the routes a context of that tenant; nothing else ever names a
 * tenant. A write with a cookie must come from our own origin.
 */
export const credentials = createMiddleware<Env>(async (c, next) => {
  const { world } = c.var;
  c.set("ip", c.req.header("x-berth-source-ip") ?? "unknown");
  const bearer = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  // Browsers add other kinds of this header by themselves.
  if (bearer === undefined) refuseForeign(c.req, world.origin);
  const cookie = getCookie(c, cookieName(world.origin));
  if (bearer !== undefined) {
    const found = await actorOfToken(world, bearer);
    if (!found) throw new Problem("auth.required", { detail: "The token is not valid: it may be mistyped, expired or revoked." });
    const { tenant, actor, credential } = found;
    c.set("ctx", { ...world, tenant, actor, credential, once: await onceOf(c.req, actor) });
  } else if (cookie !== undefined) {
    if (!reads.has(c.req.method) && c.req.header("origin") === undefined) throw new Problem("auth.origin");
    const found = await actorOfSession(world, cookie);
    if (found) {
      const { tenant, actor, credential } = found;
      c.set("ctx", { ...world, tenant, actor, credential, once: await onceOf(c.req, actor) });
      c.set("session", cookie);
      c.set("email", found.email);
    }
  }
  await next();
  if (c.var.ctx && c.res.status !== 401)
    await entitlementHeader(c.var.ctx, (value) => c.res.headers.set("berth-entitlement", value));
});

/** A request is the same only from somebody with the same rights: an answer that is remembered was permitted to nobody else. */
async function onceOf(
  req: {
    header: (name: string) => string | undefined;
    method: string;
    path: string;
    text: () => Promise<string>;
  },
  actor: Actor,
) {
  const key = req.header("idempotency-key");
  if (key === undefined || req.method !== "POST") return undefined;
  if (key.length === 0 || key.length > 255)
    throw new Problem("input.invalid", { detail: "Idempotency-Key: 1 to 255 characters." });
  const rights = actor.kind === "system" ? [] : [...actor.scopes].sort();
  const app = actor.kind === "token" ? actor.app : undefined;
  const hash = createHash("sha256")
    .update(`${JSON.stringify([rights, app, req.path])}\n${await req.text()}`)
    .digest("hex");
  return { key, hash };
}

/** Every answer says where the tenant stands, so that no client has to ask before grace ends. */
async function entitlementHeader(ctx: Context, set: (value: string) => void): Promise<void> {
  const row = await get(ctx, accountKey(ctx), { consistent: false });
  if (!row) return;
  const account = Account.parse(row);
  const state = entitlement(account, ctx.now());
  const because = restrictedBy(account, ctx.now());
  set(state === "grace" ? `grace; until=${account.graceUntil}` : because ? `${state}; because=${because}` : state);
}
