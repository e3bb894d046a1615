import * as z from "zod";
import { Environment, environmentFlag } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { requireProof } from "../auth/proved.ts";
import { allow, type Context } from "../context.ts";
import { type Account, accountKey, findAccount, getAccount, refusal } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { unfinishedJobs } from "../job/job.ts";
import { listAll } from "../query.ts";
import { key, overtaken, tryCommit, update } from "../table.ts";
import { targetNames } from "../target/target.ts";
import { owners } from "../tenant/tenant.ts";
import { CLOSING_SHARD, finishClosing } from "./closing.ts";

export const Closed = z.object({
  /** `closing`: the rest follows within minutes, or once Stripe answers; a mail confirms it. */
  status: z.enum(["closed", "closing"]),
});
export type Closed = z.infer<typeof Closed>;

const PATIENCE_SECONDS = 12;

/**
 * Closes the account for good: marks it, so that nothing new starts; ends the subscription at Stripe and verifies that; only then erases
 * data. What runs on the customer's servers is not touched. @throws Problem auth.proof, account.apps_running, account.busy
 */
export async function closeAccount(ctx: Context, input: { apps: "refuse" | "leave" }): Promise<Closed> {
  allow(ctx, "admin");
  allow(ctx, "billing"); // both: an owner
  requireProof(ctx);
  const account = await getAccount(ctx);
  if (account.closingAt === undefined) await mark(ctx, account, input.apps);
  try {
    const until = new Date(ctx.now().getTime() + PATIENCE_SECONDS * 1000);
    return { status: await finishClosing(ctx, ctx.tenant, until) };
  } catch (error) {
    // The mark stands and the schedule continues from it.
    ctx.log("error", "account is not closed yet", { tenant: ctx.tenant, error });
    return { status: "closing" };
  }
}

async function mark(ctx: Context, account: Account, apps: "refuse" | "leave"): Promise<void> {
  const deployed = await deployedApps(ctx);
  if (deployed.length > 0 && apps === "refuse")
    throw new Problem("account.apps_running", {
      detail: `Deployed: ${deployed.map(({ text }) => text).join("; ")}.`,
      facts: { apps: deployed.map(({ text }) => text).join("; ") },
      // An unpaid account cannot remove apps, but may leave them all.
      next: [
        ...(refusal(ctx, account, "grow") ? [] : deployed.slice(0, 5).map(({ remove }) => remove)),
        "berth account delete --leave-apps",
      ],
    });
  const [job] = await unfinishedJobs(ctx, account.deploys);
  if (job)
    throw new Problem("account.busy", {
      detail: `${job.id} is under way.`,
      facts: { job: job.id },
      next: [`berth jobs watch ${job.id}`, `berth jobs cancel ${job.id}`],
    });
  const closing = { by: ctx.actor.id, apps: deployed.map(({ text }) => text), mails: await owners(ctx) };
  const now = ctx.now().toISOString();
  const marked = await tryCommit(
    ctx,
    update(
      ctx,
      accountKey(ctx),
      {
        change: "SET closingAt = :now, closing = :closing, kind = :ended, #reason = :reason, duePk = :shard, dueAt = :now",
        // A deploy accepted in the meantime changes the list.
        condition: "attribute_exists(pk) AND attribute_not_exists(closingAt) AND deploys = :seen",
        values: {
          ":now": now,
          ":closing": closing,
          ":ended": "ended",
          ":reason": "closing",
          ":shard": CLOSING_SHARD,
          ":seen": account.deploys,
        },
      },
      overtaken,
    ),
    audit(ctx, "tenant.close", ctx.tenant, { detail: deployed.length > 0 ? `left: ${closing.apps.join("; ")}` : undefined }),
  );
  const left = marked ? undefined : await findAccount(ctx);
  if (left && left.closingAt === undefined) throw overtaken;
}

async function deployedApps(ctx: Context): Promise<{ text: string; remove: string }[]> {
  const found: { text: string; remove: string }[] = [];
  for (const row of await listAll(ctx, { pk: key(ctx, "").pk, prefix: "ENV#", consistent: true })) {
    const { app, name, placement } = Environment.parse(row);
    if (placement.length === 0) continue;
    const targets = (await targetNames(ctx, placement)).map((target) => target.name);
    const remove = `berth app remove ${app}${environmentFlag(name)}`;
    found.push({ text: `${app} (${name}) on ${targets.join(", ")}`, remove });
  }
  return found;
}
