import type { Context } from "../context.ts";
import { newId, secretText, sha256 } from "../id.ts";
import { globalKey, insert, type Key, type Write } from "../table.ts";
import { checksum, type StoredToken, type Token } from "./token.ts";

export interface Made {
  readonly token: Token;
  readonly secret: string;
  readonly stored: StoredToken & { readonly ttl: number };
  /** The global row, by which it is found when it is used. */
  readonly write: Write;
}

/** A token that is good from when `write` is committed. `holder`: a row of the tenant's without which it is good no more. */
export function newToken(
  ctx: Context,
  facts: Pick<Token, "name" | "scopes" | "app" | "by" | "email" | "parent"> & {
    readonly expiresAt: Date;
    readonly provedAt?: string | undefined;
    readonly holder?: Key | undefined;
  },
): Made {
  const { name, scopes, app, by, email, parent, expiresAt, provedAt, holder } = facts;
  const id = newId(ctx, "token");
  const head = `berth_${ctx.stage}_${id.slice("tok_".length)}_${secretText(ctx, 32)}`;
  const secret = head + checksum(head);
  const token: Token = {
    id,
    name,
    scopes: [...new Set(scopes)],
    ...(app && { app }),
    createdAt: ctx.now().toISOString(),
    expiresAt: expiresAt.toISOString(),
    by,
    ...(email && { email }),
    ...(parent && { parent }),
  };
  const stored = {
    ...token,
    ...(provedAt && { provedAt }),
    ...(holder && { holder }),
    hash: sha256(secret),
    tenant: ctx.tenant,
    ttl: Math.floor(expiresAt.getTime() / 1000),
  };
  return { token, secret, stored, write: insert(ctx, globalKey("TOKEN", stored.hash), stored) };
}
