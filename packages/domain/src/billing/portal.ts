import { allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";

export async function openPortal(ctx: Context): Promise<{ url: string }> {
  allow(ctx, "billing");
  throw new Problem("billing.unavailable");
}
