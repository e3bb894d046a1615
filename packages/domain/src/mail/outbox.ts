import * as z from "zod";
import { type Context, systemContext, type World } from "../context.ts";
import { Problem } from "../error.ts";
import { ulid } from "../id.ts";
import { get, listDue } from "../query.ts";
import { globalKey, insert, key, overtaken, tenantOf, ttlIn, updateOne, type Write } from "../table.ts";
import { isoIn } from "../time.ts";
import { Mail } from "./mail.ts";

/** A change's mails are written in its commit and sent after it; the sweep sends what a lost process did not. */
const SHARDS = 4;
const AGAIN_SECONDS = 300;
const KEEP_SECONDS = 45 * 86_400;

const shards = Array.from({ length: SHARDS }, (_, shard) => `MAIL#${shard}`);
const MailRow = z.object({ id: z.string(), mail: Mail });

export interface Posted {
  readonly write: Write;
  readonly mail: Mail & { readonly id: string };
}

const mailKey = (ctx: Pick<Context, "tenant">, id: string) => key(ctx, `MAIL#${id}`);

export function post(ctx: Context, mail: Omit<Mail, "id">): Posted {
  const id = ulid(ctx);
  const named = { ...mail, id };
  const write = insert(ctx, mailKey(ctx, id), {
    id,
    mail: named,
    duePk: shards[(ctx.random(1)[0] ?? 0) % SHARDS],
    dueAt: isoIn(ctx, AGAIN_SECONDS),
    ttl: ttlIn(ctx, KEEP_SECONDS),
  });
  return { write, mail: named };
}

/** The change is committed, so a mail that cannot be sent now is left to the sweep. */
export const send = (ctx: Context, mail: Posted["mail"]) =>
  sendPromised(ctx, mail).catch((error: unknown) => ctx.log("error", "mail unsent", { mail: mail.id, error }));

async function sendPromised(ctx: Context, mail: Posted["mail"]): Promise<void> {
  await ctx.send("mail", mail);
  const off = { change: "REMOVE duePk, dueAt", condition: "attribute_exists(pk)" };
  await updateOne(ctx, mailKey(ctx, mail.id), off, overtaken);
}

export async function sweepMails(world: World): Promise<number> {
  let sent = 0;
  for (const shard of shards)
    for await (const row of listDue(world, shard, world.now())) {
      const found = await get(world, { pk: String(row.pk), sk: String(row.sk) });
      if (!found) continue;
      try {
        const { id, mail } = MailRow.parse(found);
        await sendPromised(systemContext(world, tenantOf(row), "mail"), { ...mail, id });
        sent++;
      } catch (error) {
        world.log("error", "mail could not be sent", { row: `${row.pk} ${row.sk}`, error });
      }
    }
  return sent;
}

// Longer than a delivery takes, shorter than the queue's visibility timeout.
const CLAIM_SECONDS = 60;

/** Once for each id, even if the message is delivered twice. A mail without one (a sign-in code) is sent each time. */
export async function handOver(world: World, mail: Mail, deliver: () => Promise<unknown>): Promise<void> {
  if (mail.id === undefined) return void (await deliver());
  const at = globalKey("MAILED", mail.id);
  if ((await get(world, at))?.mailedAt !== undefined) return;
  const now = Math.floor(world.now().getTime() / 1000);
  const claim = {
    change: "SET claimedUntil = :until, #ttl = :ttl",
    condition: "attribute_not_exists(mailedAt) AND (attribute_not_exists(claimedUntil) OR claimedUntil <= :now)",
    values: { ":until": now + CLAIM_SECONDS, ":now": now, ":ttl": now + KEEP_SECONDS },
  };
  // The claim's holder may die, so this message goes back to the queue and tries again.
  const busy = new Problem("idempotency.busy");
  await updateOne(world, at, claim, busy);
  await deliver();
  const done = { change: "SET mailedAt = :at", condition: "attribute_exists(pk)", values: { ":at": world.now().toISOString() } };
  await updateOne(world, at, done, busy);
}
