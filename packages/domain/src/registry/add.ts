import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled, getAccount } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { put, tryCommit } from "../table.ts";
import { addWithinLimit } from "../turn.ts";
import { sealContext } from "./login.ts";
import { type Registry, registryKey, storedRegistries } from "./registry.ts";

export const REGISTRIES_MOST = 20;

/** @throws Problem registry.too_many, and what the bill forbids */
export async function addRegistry(ctx: Context, input: { host: string; user: string; password: string }): Promise<Registry> {
  allow(ctx, "admin");
  assertPermitted(ctx, await getAccount(ctx), "grow");
  const { host, user } = input;
  const registry: Registry = { host, user, by: whoIs(ctx.actor), addedAt: ctx.now().toISOString() };
  const sealed = await ctx.seal(input.password, sealContext(ctx.tenant, registry));
  return addWithinLimit(ctx, "registries", async (turn) => {
    const others = (await storedRegistries(ctx)).filter((each) => each.host !== host);
    if (others.length >= REGISTRIES_MOST) throw new Problem("registry.too_many", { detail: `${REGISTRIES_MOST} is the most.` });
    // Its answer is not remembered under an Idempotency-Key: that would keep a hash of the password, and twice is as good as once.
    const added = await tryCommit(
      ctx,
      turn,
      entitled(ctx, "grow", { logins: true }),
      put(ctx, registryKey(ctx, host), { ...registry, sealed }),
      audit(ctx, "registry.add", host, { detail: user }),
    );
    return added && registry;
  });
}
