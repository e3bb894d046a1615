import { requestUndelivered, syncDueAccounts } from "@berth/domain/billing/reconcile/due.ts";
import { beginNightly, continueNightly } from "@berth/domain/billing/reconcile/nightly.ts";
import type { World } from "@berth/domain/context.ts";
import { sweepMails } from "@berth/domain/mail/outbox.ts";

/** Less than the function's timeout, so that a part ends before the process does. */
const WORK_SECONDS = 720;
const soon = (world: World) => new Date(world.now().getTime() + WORK_SECONDS * 1000);

/** Each schedule may be missed or run twice. */
const work: Record<string, (world: World) => Promise<object>> = {
  undelivered: async (world) => {
    // None waits for the others: promised mails are sent even while Stripe does not answer.
    const done = await Promise.allSettled([
      sweepMails(world).then((mails) => ({ mails })),
      requestUndelivered(world).then((queued) => ({ queued })),
      syncDueAccounts(world, soon(world)),
    ]);
    const failed = done.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    if (failed.length > 0) throw new AggregateError(failed, `${failed.length} of ${done.length} parts failed`);
    return Object.assign({}, ...done.map((each) => (each.status === "fulfilled" ? each.value : {})));
  },
  delinquent: (world) => syncDueAccounts(world, soon(world)),
  full: async (world) => {
    await beginNightly(world);
    return compare(world);
  },
  continue: compare,
};

/** @throws Error when a finished comparison needs an operator, to raise the alarm */
async function compare(world: World): Promise<object> {
  const { bad, ...counts } = await continueNightly(world, soon(world));
  if (bad) throw new Error("somebody has to look at what was found: the line `billing reconciled` says what");
  return counts;
}

/** @throws Error for an unknown schedule, to raise the alarm */
export async function runSchedule(world: World, schedule: string): Promise<void> {
  const task = work[schedule];
  if (!task) throw new Error(`there is no billing schedule "${schedule}"`);
  world.log("info", "billing schedule", { schedule, ...(await task(world)) });
}
