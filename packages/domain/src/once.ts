import * as z from "zod";
import type { Context } from "./context.ts";
import { Problem } from "./error.ts";
import { get } from "./query.ts";
import { insert, key, ttlIn, type Write } from "./table.ts";

/** Answers to requests with an Idempotency-Key are kept for a day, written in the verb's commit. */
export const KEEP_SECONDS = 86_400;
const Remembered = z.object({ hash: z.string(), answer: z.unknown() });

const onceKey = (ctx: Context, name: string) => key(ctx, `ONCE#${name}`);

export const remember = (ctx: Context, answer: object): Write | undefined =>
  ctx.once &&
  insert(
    ctx,
    onceKey(ctx, ctx.once.key),
    { hash: ctx.once.hash, answer, ttl: ttlIn(ctx, KEEP_SECONDS) },
    new Problem("idempotency.busy"),
  );

/** @throws Problem idempotency.mismatch if the key was used with another request */
export async function recall(ctx: Context): Promise<object | undefined> {
  const found = ctx.once && (await get(ctx, onceKey(ctx, ctx.once.key)));
  if (!found) return undefined;
  const { hash, answer } = Remembered.parse(found);
  if (hash !== ctx.once?.hash) throw new Problem("idempotency.mismatch");
  return answer as object;
}
