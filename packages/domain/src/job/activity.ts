import * as z from "zod";
import { ANY_APP, allow, type Context, mayUse } from "../context.ts";
import { Account, accountKey } from "../entitlement/account.ts";
import { get, getAll } from "../query.ts";
import { Job, jobKey } from "./job.ts";
import { ended } from "./status.ts";

/** Polled often, so it reads little and may lag: the account's row and a row for each job. */
export const Activity = z.object({
  /** Unfinished deploys and removals, in the order of their turns. */
  items: z.array(Job),
  /** The last job accepted, even if it has ended: another id means that something has happened meanwhile. */
  latest: z.string().nullable(),
});
export type Activity = z.infer<typeof Activity>;

export async function getActivity(ctx: Context): Promise<Activity> {
  allow(ctx, "read", ANY_APP);
  const account = await get(ctx, accountKey(ctx), { consistent: false });
  const ids = account ? Account.parse(account).deploys : [];
  const rows = await getAll(
    ctx,
    ids.map((id) => jobKey(ctx, id)),
    { consistent: false },
  );
  const jobs = rows.flatMap((row) => (row ? [Job.parse(row)] : [])).filter((job) => mayUse(ctx, job));
  return { items: jobs.filter((job) => !ended(job)), latest: jobs.at(-1)?.id ?? null };
}
