import { audit } from "../audit/audit.ts";
import { byWhom } from "../audit/who.ts";
import { addresses } from "../auth/proof.ts";
import { requireProof } from "../auth/proved.ts";
import { allow, type Context } from "../context.ts";
import { isOpen } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { post, send } from "../mail/outbox.ts";
import { remember } from "../once.ts";
import type { Scope } from "../scope.ts";
import { check, insert, tryCommit, type Write } from "../table.ts";
import { addWithinLimit } from "../turn.ts";
import { newToken } from "./new.ts";
import { readTokens, revoked, type Token, tokenKey } from "./token.ts";

const DEFAULT_DAYS = 90;

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly app?: string | undefined;
  readonly days?: number | undefined;
}

export const TOKENS_MOST = 100;

/** The secret is in this answer only. @throws Problem auth.proof, token.scope, token.too_many */
export async function issueToken(ctx: Context, input: NewToken): Promise<Token & { secret: string }> {
  allow(ctx, "admin");
  requireProof(ctx);
  return mintToken(ctx, input);
}

/** Nobody grants more than they hold. `device`: the address of the CLI that asked; its token counts as proved since `provedAt`. */
export async function mintToken(ctx: Context, input: Minted): Promise<Token & { secret: string }> {
  allow(ctx, "admin");
  for (const scope of input.scopes) allow(ctx, scope);
  return addWithinLimit(ctx, "tokens", (turn) => mint(ctx, input, turn));
}

type Minted = NewToken & { readonly provedAt?: string | undefined; readonly device?: string | undefined };

async function mint(ctx: Context, input: Minted, turn: Write): Promise<(Token & { secret: string }) | false> {
  const held = await readTokens(ctx);
  if (held.length >= TOKENS_MOST) throw new Problem("token.too_many", { detail: `${TOKENS_MOST} is the most at a time.` });
  const now = ctx.now();
  const asked = new Date(now.getTime() + (input.days ?? DEFAULT_DAYS) * 86_400_000);
  const parent = ctx.actor.kind === "token" ? held.find((each) => each.id === ctx.actor.id) : undefined;
  const expires = parent && new Date(parent.expiresAt) < asked ? new Date(parent.expiresAt) : asked;
  const email = ctx.actor.kind === "user" ? ctx.actor.name : ctx.actor.kind === "token" ? ctx.actor.email : undefined;
  const { token, secret, stored, write } = newToken(ctx, {
    name: input.name,
    scopes: [...input.scopes],
    app: input.app,
    expiresAt: expires,
    by: ctx.actor.id,
    email,
    parent: ctx.actor.kind === "token" ? ctx.actor.id : undefined,
    provedAt: input.provedAt,
  });
  const told = await announce(ctx, token, input.device);
  const minted = await tryCommit(
    ctx,
    turn,
    isOpen(ctx),
    tokenLives(ctx),
    remember(ctx, { ...token, secret: null }), // a repeat learns that it is done, not the secret
    insert(ctx, tokenKey(ctx, token.id), stored),
    write,
    ...told.map(({ write }) => write),
    audit(ctx, "token.create", token.id, { name: input.name, detail: token.scopes.join(" ") }),
  );
  if (!minted) return false;
  for (const { mail } of told) await send(ctx, mail);
  return { ...token, secret };
}

/** A token that is being revoked makes nothing that outlives it. */
export const tokenLives = (ctx: Context) =>
  ctx.actor.kind === "token"
    ? check(ctx, tokenKey(ctx, ctx.actor.id), { condition: "attribute_exists(pk)" }, revoked)
    : undefined;

async function announce(ctx: Context, token: Token, device: string | undefined) {
  const to = await addresses(ctx);
  const data = {
    name: token.name,
    scopes: token.scopes.join(", "),
    until: new Date(token.expiresAt).toUTCString(),
    at: new Date(token.createdAt).toUTCString(),
  };
  return to.map((address) =>
    post(
      ctx,
      device === undefined
        ? {
            to: address,
            template: "token-created",
            data: { ...data, by: byWhom(ctx.actor) },
          }
        : { to: address, template: "device-approved", data: { ...data, ip: device } },
    ),
  );
}
