import * as z from "zod";
import { audit } from "../audit/audit.ts";
import type { Context, World } from "../context.ts";
import { accountKey, newAccount } from "../entitlement/account.ts";
import { newId } from "../id.ts";
import { get, listAll } from "../query.ts";
import type { Scope } from "../scope.ts";
import { commit, globalKey, insert, key } from "../table.ts";

/** The paying account, and the first part of every key. Its users are members with a role. */
export const Tenant = z.object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() });
export type Tenant = z.infer<typeof Tenant>;

export const User = z.object({
  id: z.string(),
  email: z.string(),
  tenant: z.string(),
  role: z.enum(["owner", "member", "viewer"]),
});
export type User = z.infer<typeof User>;

export const roleScopes: Record<User["role"], readonly Scope[]> = {
  owner: ["admin", "billing"],
  member: ["deploy"],
  viewer: ["read"],
};

export const tenantKey = (ctx: Pick<Context, "tenant">) => key(ctx, "TENANT");
export const memberKey = (ctx: Pick<Context, "tenant">, user: string) => key(ctx, `MEMBER#${user}`);

export async function findUserByEmail(world: World, email: string): Promise<User | undefined> {
  const found = await get(world, globalKey("EMAIL", email));
  return found && User.parse(found);
}

/** The first sign-in creates the tenant with the user as its owner. Concurrent calls get the same user. */
export async function userOfEmail(world: World, email: string): Promise<User> {
  const known = await findUserByEmail(world, email);
  if (known) return known;
  const tenant = newId(world, "tenant");
  const user: User = { id: newId(world, "user"), email, tenant, role: "owner" };
  const ctx: Context = { ...world, tenant, actor: { kind: "user", id: user.id, scopes: roleScopes.owner, name: email } };
  const createdAt = world.now().toISOString();
  try {
    await commit(
      ctx,
      insert(ctx, globalKey("EMAIL", email), user),
      insert(ctx, tenantKey(ctx), { id: tenant, name: email, createdAt } satisfies Tenant),
      insert(ctx, memberKey(ctx, user.id), user),
      insert(ctx, accountKey(ctx), newAccount(tenant)),
      audit(ctx, "tenant.create", tenant, { name: email }),
    );
    return user;
  } catch (error) {
    const winner = await findUserByEmail(world, email);
    if (winner) return winner;
    throw error;
  }
}

export async function owners(ctx: Context): Promise<string[]> {
  const rows = await listAll(ctx, { pk: key(ctx, "").pk, prefix: "MEMBER#", consistent: true });
  return rows
    .map((row) => User.parse(row))
    .filter(({ role }) => role === "owner")
    .map(({ email }) => email);
}
