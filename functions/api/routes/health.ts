import { accountKey } from "@berth/domain/entitlement/account.ts";
import { get } from "@berth/domain/query.ts";
import { Hono } from "hono";
import { credentials } from "../credentials.ts";
import type { Env } from "../request.ts";

/** `/health/ready` names the components only to authenticated callers. */
export const health = new Hono<Env>()
  .get("/health", (c) => c.json({ ok: true }, 200))
  .get("/health/ready", credentials, async (c) => {
    if (!c.var.ctx) return c.json({ ok: true }, 200);
    const { ctx } = c.var;
    const table = await get(ctx, accountKey(ctx)).then(
      () => "ok",
      (error: unknown) => {
        ctx.log("error", "table is not ready", { error });
        return "failed";
      },
    );
    return c.json({ ok: table === "ok", components: { table } }, table === "ok" ? 200 : 503);
  });
