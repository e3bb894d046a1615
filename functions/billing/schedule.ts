import { lookAtDue, ringUndelivered } from "@berth/domain/billing/due.ts";
import { reconcile } from "@berth/domain/billing/reconcile.ts";
import type { World } from "@berth/domain/context.ts";
import { sweepMails } from "@berth/domain/mail/outbox.ts";
import { systemOf } from "../worker.ts";

/** What each billing schedule does. Any of them may be missed or come twice. */
const work: Record<string, (world: World) => Promise<object>> = {
  undelivered: async (world) => ({
    rung: await ringUndelivered(world),
    ...(await lookAtDue(world)),
    mails: await sweepMails(world, (tenant) => systemOf(world, tenant, "billing")),
  }),
  delinquent: (world) => lookAtDue(world),
  full: async (world) => {
    const { findings, ...counts } = await reconcile(world, { repair: true });
    return { ...counts, findings: findings.length };
  },
};

/** Does what the named schedule is for. @throws Error for one that is not known, so that the alarm rings */
export async function runSchedule(world: World, schedule: string): Promise<void> {
  const task = work[schedule];
  if (!task) throw new Error(`there is no billing schedule "${schedule}"`);
  world.log("info", "billing schedule", { schedule, ...(await task(world)) });
}
