import * as z from "zod";
import { type Actor, allow, type Context } from "../context.ts";
import { ulid } from "../id.ts";
import { insert, key, list, type Write } from "../table.ts";

/** Who did what to which thing, when, with what result. Written in the commit of the change it tells of; never changed. */
export const AuditLine = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  action: z.string(),
  subject: z.string(),
  actor: z.object({ kind: z.enum(["user", "token", "system"]), id: z.string() }),
  result: z.string(),
  detail: z.string().optional(),
});
export type AuditLine = z.infer<typeof AuditLine>;

const part = (at: string) => `AUDIT#${at.slice(0, 4)}${at.slice(5, 7)}`;
const doer = ({ kind, id }: Actor) => ({ kind, id });

export interface AuditFacts {
  readonly result?: string;
  readonly detail?: string | undefined;
  /** Where the work was asked for by somebody else than the one who does it. */
  readonly by?: Actor | undefined;
}

export function audit(ctx: Context, action: `${string}.${string}`, subject: string, facts: AuditFacts = {}): Write {
  const at = ctx.now().toISOString();
  const id = `aud_${ulid(ctx)}`;
  const line: AuditLine = { id, at, action, subject, actor: doer(facts.by ?? ctx.actor), result: facts.result ?? "ok" };
  return insert(ctx, key(ctx, `${at}#${id}`, part(at)), {
    ...line,
    ...(facts.detail && { detail: facts.detail.slice(0, 1000) }),
  });
}

/** Newest first, a month's partition after the other, back to at most a year. */
export async function listAudit(
  ctx: Context,
  input: { cursor?: string | undefined; limit: number },
): Promise<{ items: AuditLine[]; next: string | null }> {
  allow(ctx, "read");
  const items: AuditLine[] = [];
  let after = input.cursor;
  const now = ctx.now();
  const start = after ? new Date(after.slice(0, after.indexOf("#"))) : now;
  const oldest = Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth(), 1);
  for (let month = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1); month >= oldest; month = previousMonth(month)) {
    const { pk } = key(ctx, "", part(new Date(month).toISOString()));
    const page = await list(ctx, { pk, after, limit: input.limit - items.length, newestFirst: true });
    items.push(...page.rows.map((row) => AuditLine.parse(row)));
    if (items.length >= input.limit) break;
    after = undefined;
  }
  const last = items.at(-1);
  return { items, next: items.length >= input.limit && last ? `${last.at}#${last.id}` : null };
}

function previousMonth(month: number): number {
  const date = new Date(month);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1, 1);
}
