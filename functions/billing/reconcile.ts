import { lookAtDue, ringUndelivered } from "@berth/domain/billing/due.ts";
import { reconcile } from "@berth/domain/billing/reconcile.ts";
import { sweepMails } from "@berth/domain/mail/outbox.ts";
import { stripeOf } from "../stripe.ts";
import { systemOf } from "../workers/worker.ts";
import { createWorld } from "../world.ts";

const world = createWorld(process.env, stripeOf(process.env));

/** What each schedule does. Any of them may be missed or come twice. */
const work: Record<string, () => Promise<object>> = {
  undelivered: async () => ({
    rung: await ringUndelivered(world),
    ...(await lookAtDue(world)),
    mails: await sweepMails(world, (tenant) => systemOf(world, tenant, "billing")),
  }),
  delinquent: () => lookAtDue(world),
  full: () => reconcile(world, { repair: true }),
};

/** The billing schedules; the event names which. @throws Error for one that is not known, so that the alarm rings */
export async function handler({ schedule }: { schedule: string }): Promise<void> {
  const task = work[schedule];
  if (!task) throw new Error(`there is no billing schedule "${schedule}"`);
  const { findings: _, ...found } = (await task()) as { findings?: unknown };
  world.log("info", "billing schedule", { schedule, ...found });
}
