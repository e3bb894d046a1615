import * as z from "zod";
import type { Context } from "../context.ts";
import { get } from "../query.ts";
import { key, overtaken, remove, tryCommit } from "../table.ts";

/** Of a job that lets a key in. */
export const passwordKey = (ctx: Pick<Context, "tenant">, job: string) => key(ctx, `PASSWORD#${job}`);

export const passwordAbout = (tenant: string, target: string, job: string) => ({
  tenant,
  target,
  job,
  what: "bootstrap-password",
});

const Stored = z.object({ sealed: z.object({ key: z.string(), iv: z.string(), tag: z.string(), data: z.string() }) });

/** Takes it out of the table before it is used, so that it is used once. Undefined when it was taken before. */
export async function takePassword(ctx: Context, target: string, job: string): Promise<string | undefined> {
  const at = passwordKey(ctx, job);
  const row = await get(ctx, at);
  if (!row || !(await tryCommit(ctx, remove(ctx, at, undefined, overtaken)))) return undefined;
  return ctx.open(Stored.parse(row).sealed, passwordAbout(ctx.tenant, target, job));
}
