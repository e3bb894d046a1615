import type * as z from "zod";
import type { Context } from "../context.ts";
import { get } from "../query.ts";
import type { Login } from "../remote/remote.ts";
import { type Registry, registryKey, StoredRegistry, storedRegistries } from "./registry.ts";

/** The encryption context of a password. */
export const sealContext = (tenant: string, { host, user }: Pick<Registry, "host" | "user">) => ({
  tenant,
  registry: host,
  user,
  what: "registry-login",
});

const open = async (ctx: Context, row: z.infer<typeof StoredRegistry>): Promise<Login> => ({
  registry: row.host,
  user: row.user,
  password: await ctx.open(row.sealed, sealContext(ctx.tenant, row)),
});

/** For a check: undefined when the login it is about is no longer the one that is stored. */
export async function loginAdded(ctx: Context, host: string, addedAt: string): Promise<Login | undefined> {
  const row = await get(ctx, registryKey(ctx, host));
  const found = row && StoredRegistry.parse(row);
  return found?.addedAt === addedAt ? open(ctx, found) : undefined;
}

/** For a run: those of the registries that it wants. */
export async function loginsFor(ctx: Context, wants: () => Promise<(host: string) => boolean>): Promise<Login[]> {
  const [rows, wanted] = await Promise.all([storedRegistries(ctx), wants()]);
  return Promise.all(rows.filter(({ host }) => wanted(host)).map((row) => open(ctx, row)));
}
