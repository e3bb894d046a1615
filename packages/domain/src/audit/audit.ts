import * as z from "zod";
import { type Actor, allow, type Context } from "../context.ts";
import { Problem } from "../error.ts";
import { ulid } from "../id.ts";
import type { Page, Paging } from "../page.ts";
import { fill } from "../query.ts";
import { insert, key, type Write } from "../table.ts";
import { Who, whoIs } from "./who.ts";

/** Who did what to which thing, when, with what result. Written in the commit of the change, and append-only. */
export const AuditLine = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  action: z.string(),
  subject: z.string(),
  /** The subject's name, where the subject is an id. */
  subjectName: z.string().optional(),
  actor: Who,
  result: z.string(),
  detail: z.string().optional(),
});
export type AuditLine = z.infer<typeof AuditLine>;

const part = (at: string) => `AUDIT#${at.slice(0, 4)}${at.slice(5, 7)}`;

export interface AuditFacts {
  readonly result?: string;
  readonly detail?: string | undefined;
  readonly name?: string | undefined;
  /** Who asked for the work, where another actor does it. */
  readonly by?: Actor | undefined;
}

export function audit(ctx: Context, action: `${string}.${string}`, subject: string, facts: AuditFacts = {}): Write {
  const at = ctx.now().toISOString();
  const id = `aud_${ulid(ctx)}`;
  const line: AuditLine = { id, at, action, subject, actor: whoIs(facts.by ?? ctx.actor), result: facts.result ?? "ok" };
  return insert(ctx, key(ctx, `${at}#${id}`, part(at)), {
    ...line,
    ...(facts.name && { subjectName: facts.name.slice(0, 254) }),
    ...(facts.detail && { detail: facts.detail.slice(0, 1000) }),
  });
}

const Cursor = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z#aud_[0-9A-Z]{26}$/);

export async function listAudit(ctx: Context, input: Paging): Promise<Page<AuditLine>> {
  allow(ctx, "read");
  if (input.cursor !== undefined && !Cursor.safeParse(input.cursor).success)
    throw new Problem("input.invalid", { detail: "query.cursor: not one of this list" });
  const items: AuditLine[] = [];
  const now = ctx.now();
  // A cursor in the future would cost one query for each month.
  let after = input.cursor !== undefined && input.cursor.slice(0, 24) <= now.toISOString() ? input.cursor : undefined;
  const start = after ? new Date(`${after.slice(0, 7)}-01`) : now;
  const oldest = Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth(), 1);
  for (let month = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1); month >= oldest; month = previousMonth(month)) {
    const { pk } = key(ctx, "", part(new Date(month).toISOString()));
    const range = { pk, after, limit: input.limit - items.length, newestFirst: true };
    const page = await fill(ctx, range, (rows) => rows.map((row) => AuditLine.parse(row)));
    items.push(...page.items);
    const last = items.at(-1);
    if (last && (page.last || items.length === input.limit)) return { items, next: `${last.at}#${last.id}` };
    after = undefined;
  }
  return { items, next: null };
}

function previousMonth(month: number): number {
  const date = new Date(month);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1, 1);
}
