import { createHash } from "node:crypto";
import { actorOfSession } from "@berth/domain/auth/session.ts";
import type { Actor, Context } from "@berth/domain/context.ts";
import { Account, accountKey, entitlement, restrictedBy } from "@berth/domain/entitlement/account.ts";
import { Problem } from "@berth/domain/error.ts";
import { get } from "@berth/domain/query.ts";
import { actorOfToken } from "@berth/domain/token/token.ts";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { Env } from "./request.ts";

/** `__Host-` binds it to one origin over TLS; plain HTTP on one's own machine cannot have it. */
export const cookieName = (origin: string) => (origin.startsWith("https:") ? "__Host-berth" : "berth");

/** Tells browsers apart before sign-in; a sign-in code is bound to it. */
export const browserCookie = (origin: string) => (origin.startsWith("https:") ? "__Host-berth-browser" : "berth-browser");

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

/** A foreign page may neither use a visitor's session nor start one. Programs send neither header. */
function refuseForeign(req: { method: string; header: (name: string) => string | undefined }, origin: string): void {
  if (reads.has(req.method)) return;
  const from = req.header("origin");
  const site = req.header("sec-fetch-site");
  if (from !== undefined ? from !== origin : site !== undefined && site !== "same-origin" && site !== "none")
    throw new Problem("auth.origin");
}

/** The only source of a request's tenant. A write with a cookie must come from our own origin. */
export const credentials = createMiddleware<Env>(async (c, next) => {
  const { world } = c.var;
  c.set("ip", c.req.header("x-berth-source-ip") ?? "unknown");
  const bearer = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  // A browser may add an Authorization header of another scheme by itself.
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

/** The hash includes the rights, so that a stored answer reaches only those who may have it. */
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

/** On every answer, so that clients learn of the end of grace without asking. */
async function entitlementHeader(ctx: Context, set: (value: string) => void): Promise<void> {
  const row = await get(ctx, accountKey(ctx), { consistent: false });
  if (!row) return;
  const account = Account.parse(row);
  const state = entitlement(account, ctx.now());
  const because = restrictedBy(account, ctx.now());
  set(state === "grace" ? `grace; until=${account.graceUntil}` : because ? `${state}; because=${because}` : state);
}
