import type * as z from "zod";
import { audit } from "../audit/audit.ts";
import { requireProof } from "../auth/proved.ts";
import { allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { get } from "../query.ts";
import { limit } from "../rate-limit.ts";
import { commit } from "../table.ts";
import { findVariable, kindOf, newest, openValue, valueKey } from "./variable.ts";
import { Revealed } from "./view.ts";

interface Input {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name: string;
  /** The newest, if absent. */
  readonly version?: number | undefined;
  /** Needed for a secret; it goes into the audit log. */
  readonly reason?: string | undefined;
}

/**
 * A value, once the audit log says who read it. A secret takes a reason, and a proof of the last minutes.
 * @throws Problem variable.not_found, auth.proof, input.invalid, rate.limited
 */
export async function revealVariable(ctx: Context, input: Input): Promise<z.infer<typeof Revealed>> {
  allow(ctx, "deploy", { app: input.app });
  const { app, entry, of } = await findVariable(ctx, input);
  const { name, reason, version = newest(entry) } = input;
  const row = entry.versions.includes(version) ? await get(ctx, valueKey(ctx, { ...of, version })) : undefined;
  // A name that is a variable now may have been a secret's when that version was set.
  const kind = entry.kind === "secret" || !row ? entry.kind : kindOf(row);
  if (kind === "secret") {
    if (!reason)
      throw new Problem("input.invalid", { detail: "body.reason: a secret is shown for a reason, which the audit log keeps" });
    requireProof(ctx);
  }
  await limit(ctx, `reveal#${ctx.tenant}`, { most: 30, seconds: 60 });
  if (!row) throw new Problem("variable.not_found", { detail: `"${name}" has no version ${version} any more.` });
  const value = await openValue(ctx, { ...of, version }, row);
  await commit(
    ctx,
    audit(ctx, `${kind}.reveal`, `${app.name}/${of.environment}`, {
      detail: `${name}, version ${version}${reason ? `: ${reason}` : ""}`,
    }),
  );
  return Revealed.parse({ ...entry, ...of, kind, version, value });
}
