import { customerKey } from "../billing/stripe/customer.ts";
import { deleteCustomer, endSubscriptions } from "../billing/stripe/end.ts";
import { type Context, systemContext, type World } from "../context.ts";
import { deployerKey, pointerKey, readDeployers } from "../deployer/deployer.ts";
import { Account, accountKey } from "../entitlement/account.ts";
import { erase, eraseAll, erasePartition } from "../erase.ts";
import { Job } from "../job/job.ts";
import { get, listAll, listDue } from "../query.ts";
import { commit, globalKey, key, overtaken, put, type Row, tenantOf, update, updateOne } from "../table.ts";
import { closedKey } from "../tenant/closed.ts";
import { tenantKey, User } from "../tenant/tenant.ts";
import { isoIn } from "../time.ts";

/**
 * Closes a marked account. Every step is idempotent, and after a crash the work resumes from the mark, which is erased last. The row CLOSED
 * remains: without personal data, it records when the account was closed, and that its Stripe customer belongs to nobody.
 */
export const CLOSING_SHARD = "CLOSING#0";
/** A request in flight may have left a row, so everything is erased once more after this time. */
const AGAIN_SECONDS = 3600;

/** `closing` when the time was too short. @throws whatever Stripe or the table throws: call again later */
export async function finishClosing(world: World, tenant: string, until: Date): Promise<"closed" | "closing"> {
  const ctx = systemContext(world, tenant, "closing");
  const found = await get(ctx, accountKey(ctx));
  if (!found) return "closed";
  const account = Account.parse(found);
  if (account.closingAt === undefined || !account.closing) throw new Error(`${tenant} is not marked to be closed`);
  const { customer, closing } = account;
  if (customer !== undefined) await endSubscriptions(ctx, customer);
  const about = await get(ctx, tenantKey(ctx));
  await eraseCredentials(ctx);
  const since = String(about?.createdAt ?? account.closingAt);
  if (!(await eraseData(ctx, since, until))) return "closing";
  if (customer !== undefined) await deleteCustomer(ctx, customer);
  for (const [at, to] of closing.mails.entries())
    await ctx.send("mail", { id: `closed-${tenant}-${at}`, to, template: "closed", data: { apps: closing.apps.length } });
  const now = ctx.now();
  const row: Row = {
    tenant,
    since,
    closingAt: account.closingAt,
    closedAt: now.toISOString(),
    by: closing.by,
    ...(customer !== undefined && { customer }),
    duePk: CLOSING_SHARD,
    dueAt: isoIn(ctx, AGAIN_SECONDS),
  };
  await commit(
    ctx,
    put(ctx, closedKey(tenant), row),
    customer === undefined ? undefined : markCustomerClosed(ctx, customer, now),
    erase(ctx, tenantKey(ctx)),
    erase(ctx, accountKey(ctx)),
  );
  ctx.log("info", "account closed", { tenant });
  return "closed";
}

const markCustomerClosed = (ctx: Context, customer: string, now: Date) =>
  update(ctx, customerKey(customer), {
    change: "SET closedAt = :now",
    condition: "attribute_exists(pk)",
    values: { ":now": now.toISOString() },
  });

async function eraseCredentials(ctx: Context): Promise<void> {
  for (const row of await all(ctx, "MEMBER#")) {
    const at = globalKey("EMAIL", User.parse(row).email);
    if ((await get(ctx, at))?.tenant === ctx.tenant) await eraseAll(ctx, [at]);
  }
  const tokens = await all(ctx, "TOKEN#");
  await eraseAll(ctx, [
    ...tokens.map(({ hash }) => globalKey("TOKEN", String(hash))),
    ...tokens.map(({ sk }) => key(ctx, String(sk))),
  ]);
  const deployers = await readDeployers(ctx);
  await eraseAll(
    ctx,
    deployers.flatMap(({ id }) => [pointerKey(id), deployerKey(ctx, id)]),
  );
  const sessions = await all(ctx, "SESSION#");
  await eraseAll(ctx, [
    ...sessions.map(({ sk }) => globalKey("SESSION", String(sk).slice("SESSION#".length))),
    ...sessions.map(({ sk }) => key(ctx, String(sk))),
  ]);
}

const all = (ctx: Context, prefix: string) => listAll(ctx, { pk: key(ctx, "").pk, prefix, consistent: true });

/** Events before their job, whose row leads to them. Answers whether everything is gone. */
async function eraseData(ctx: Context, since: string, until: Date): Promise<boolean> {
  const late = () => ctx.now() >= until;
  for (const job of await all(ctx, "JOB#")) {
    for (const target of Object.keys(Job.parse(job).rollouts))
      await erasePartition(ctx, key(ctx, "", `JOB#${job.id}#${target}`).pk);
    await eraseAll(ctx, [key(ctx, String(job.sk))]);
    if (late()) return false;
  }
  for (const month of monthsSince(since, ctx.now())) {
    const gone = await erasePartition(ctx, key(ctx, "", `AUDIT#${month}`).pk);
    if (gone > 0 && late()) return false;
  }
  const mark = new Set([accountKey(ctx).sk, tenantKey(ctx).sk]);
  await erasePartition(ctx, key(ctx, "").pk, (sk) => mark.has(sk));
  return true;
}

function monthsSince(since: string, now: Date): string[] {
  const months: string[] = [];
  const first = new Date(since);
  for (let at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth()); at <= now.getTime(); ) {
    const date = new Date(at);
    months.push(date.toISOString().slice(0, 7).replace("-", ""));
    at = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
  }
  return months;
}

export async function closeDue(world: World, until: Date): Promise<{ closed: number; swept: number; failed: number }> {
  const counts = { closed: 0, swept: 0, failed: 0 };
  for await (const row of listDue(world, CLOSING_SHARD, world.now())) {
    if (world.now() >= until) return counts;
    const { pk, sk } = row;
    try {
      if (sk === "CLOSED") await sweepAgain(world, String(pk).slice("CLOSED#".length), until);
      else await finishClosing(world, tenantOf(row), until);
      counts[sk === "CLOSED" ? "swept" : "closed"]++;
    } catch (error) {
      world.log("error", "account cannot be closed", { row: `${pk} ${sk}`, error });
      counts.failed++;
    }
  }
  return counts;
}

async function sweepAgain(world: World, tenant: string, until: Date): Promise<void> {
  const ctx = systemContext(world, tenant, "closing");
  const row = await get(ctx, closedKey(tenant));
  if (!row) return;
  await eraseCredentials(ctx);
  if (!(await eraseData(ctx, String(row.since), until))) return;
  const off = { change: "REMOVE duePk, dueAt", condition: "attribute_exists(pk)" };
  await updateOne(ctx, closedKey(tenant), off, overtaken);
}
