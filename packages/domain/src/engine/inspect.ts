import { projectValues } from "../app/app.ts";
import type { Inspection } from "../container/fresh.ts";
import { keepNotSeen, keepSeen, StoredSeen, seenKey } from "../container/seen.ts";
import type { Context } from "../context.ts";
import { retryDelay, take } from "../held.ts";
import { connectionFailure, failure, failureOf } from "../job/failure.ts";
import type { Failure } from "../job/job.ts";
import { get } from "../query.ts";
import { readers } from "../remote/deadline.ts";
import { isTrusted, type Reach } from "../remote/reach.ts";
import { RemoteError } from "../remote/remote.ts";
import { tryUpdate } from "../table.ts";
import { ask } from "../target/connection.ts";
import { StoredTarget, targetKey } from "../target/target.ts";
import { redactorOf } from "../variable/redactor.ts";

/**
 * Asks the server and stores its answer; idempotent. Without room in the tenant's share of workers, the message is sent again for as long
 * as somebody may be waiting.
 */
export async function inspect(ctx: Context, inspection: Inspection, reach: Reach): Promise<void> {
  const row = await get(ctx, seenKey(ctx, inspection));
  const stored = row && StoredSeen.parse(row).inspection;
  if (stored?.id !== inspection.id || stored.begun || stored.until <= ctx.now().toISOString()) return;
  const hold = await take(ctx, readers);
  if ("freeInSeconds" in hold) {
    const left = Math.floor((Date.parse(stored.until) - ctx.now().getTime()) / 1000);
    const delaySeconds = Math.min(await retryDelay(ctx, readers), Math.max(1, left - 1));
    return ctx.send("jobs", { tenant: ctx.tenant, inspect: inspection }, { group: ctx.tenant, delaySeconds });
  }
  try {
    await askServer(ctx, inspection, reach);
  } finally {
    await hold.release();
  }
}

async function askServer(ctx: Context, { id, ...where }: Inspection, reach: Reach): Promise<void> {
  const claim = {
    change: "SET inspection.#begun = :true",
    condition: "inspection.#id = :id AND inspection.#begun = :false AND inspection.#until > :now",
    values: { ":id": id, ":true": true, ":false": false, ":now": ctx.now().toISOString() },
  };
  if (!(await tryUpdate(ctx, seenKey(ctx, where), claim))) return;
  const row = await get(ctx, targetKey(ctx, where.target));
  const target = row && StoredTarget.parse(row);
  const notSeen = ({ class: kind, message }: Failure) => keepNotSeen(ctx, where, { class: kind, message });
  if (!target || !isTrusted(target)) return notSeen(failure(target ? "untrusted" : "target.not_found"));
  try {
    const values = projectValues(ctx, where);
    const redact = await redactorOf(ctx, { ...where, name: target.name });
    const exit = await ask(ctx, target, reach, { op: "inspect", job: id, fence: 0, from: 0, files: [], values }, redact);
    if (exit.code === 0 && exit.containers) await keepSeen(ctx, where, exit.containers, { live: false });
    else await notSeen(failureOf(exit));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    await notSeen(connectionFailure(error));
  }
}
