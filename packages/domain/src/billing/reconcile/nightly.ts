import * as z from "zod";
import type { World } from "../../context.ts";
import { listed, type Payer, pays } from "../../entitlement/listed.ts";
import { allDue, get } from "../../query.ts";
import { assign, globalKey, tryUpdate } from "../../table.ts";
import { isoIn } from "../../time.ts";
import { billingShards } from "../standing/sync.ts";
import { getCatalogue } from "../stripe/catalogue.ts";
import { compareAccount, type Finding, unmappedPage } from "./account.ts";
import { tell } from "./once.ts";
import { customersASecond, paced } from "./pace.ts";
import { settingsDrift } from "./settings.ts";

/**
 * The nightly comparison of every account with Stripe, in resumable parts: accounts by shard and tenant, then Stripe's subscriptions, then
 * its settings. One row holds the progress and advances only from where a part began, so no account is skipped or counted twice, whichever
 * process dies or runs twice.
 */
const Counts = z.object({
  accounts: z.number().int(),
  subscriptions: z.number().int(),
  findings: z.number().int(),
  unmapped: z.number().int(),
  remaining: z.number().int(),
  unreachable: z.number().int(),
});
const Run = z.object({
  startedAt: z.string(),
  shard: z.number().int(),
  /** The last account or subscription that was compared; empty before the first. */
  after: z.string(),
  counts: Counts,
  doneAt: z.string().nullable(),
  heldUntil: z.string(),
  version: z.number().int(),
});
type Run = z.infer<typeof Run>;

const at = globalKey("CURSOR", "reconcile");
const BATCH = 40;
/** Longer than a batch takes at the slowest pace. */
const HOLD_SECONDS = 120;
const zero: z.infer<typeof Counts> = { accounts: 0, subscriptions: 0, findings: 0, unmapped: 0, remaining: 0, unreachable: 0 };

async function find(world: World): Promise<Run | undefined> {
  const row = await get(world, at);
  return row && Run.parse(row);
}

async function move(world: World, seen: Run | undefined, to: Omit<Run, "version">): Promise<Run | undefined> {
  const next: Run = { ...to, version: (seen?.version ?? 0) + 1 };
  const { change, values } = assign(next);
  const condition = seen === undefined ? "attribute_not_exists(pk)" : "version = :seen";
  const written = await tryUpdate(world, at, {
    change,
    condition,
    values: { ...values, ...(seen !== undefined && { ":seen": seen.version }) },
  });
  return written && next;
}

export async function beginNightly(world: World): Promise<void> {
  const seen = await find(world);
  if (seen && seen.doneAt === null)
    world.log("error", "billing did not end to reconcile", { since: seen.startedAt, ...seen.counts });
  const startedAt = world.now().toISOString();
  const fresh = { startedAt, shard: 0, after: "", counts: zero, doneAt: null, heldUntil: startedAt };
  await move(world, seen, fresh); // or another process began it at the same moment
}

/** Does nothing while another process holds the run. `bad`: it has just finished, and its findings need an operator. */
export async function continueNightly(
  world: World,
  until: Date,
): Promise<{ done: boolean; bad: boolean } & z.infer<typeof Counts>> {
  const found = await find(world);
  const now = world.now().toISOString();
  if (!found || found.doneAt !== null || found.heldUntil > now)
    return { ...(found?.counts ?? zero), done: found?.doneAt !== null, bad: false };
  let run: Run = found;
  const known: Known = { shards: new Map(), customers: new Set(), bad: false };
  // False when another process took over and counts the rest.
  const proceed = async (to: Omit<Run, "version">) => {
    const next = await move(world, run, to);
    run = next ?? run;
    return next !== undefined;
  };
  let ours = await proceed({ ...found, heldUntil: isoIn(world, HOLD_SECONDS) });
  while (ours && run.doneAt === null && world.now() < until) ours = await proceed(await nextPart(world, run, known));
  if (ours && run.doneAt === null) await proceed({ ...run, heldUntil: world.now().toISOString() });
  return { ...run.counts, done: run.doneAt !== null, bad: run.doneAt !== null && known.bad };
}

interface Known {
  readonly shards: Map<string, readonly Payer[]>;
  readonly customers: Set<string>;
  bad: boolean;
}

async function nextPart(world: World, run: Run, known: Known): Promise<Omit<Run, "version">> {
  const held = { ...run, heldUntil: isoIn(world, HOLD_SECONDS) };
  const shard = billingShards[run.shard];
  if (shard !== undefined) {
    const batch = (await payersOf(world, shard, known)).filter(({ tenant }) => tenant > run.after).slice(0, BATCH);
    const last = batch.at(-1);
    if (!last) return { ...held, shard: run.shard + 1, after: "" };
    const findings = await compareBatch(world, batch);
    const counts = { ...run.counts, accounts: run.counts.accounts + batch.length };
    return { ...held, after: last.tenant, counts: counted(counts, world, findings) };
  }
  if (known.customers.size === 0)
    for (const each of billingShards)
      for (const { customer } of await payersOf(world, each, known)) known.customers.add(customer);
  const page = await unmappedPage(world, run.after === "" ? undefined : run.after, known.customers);
  const counts = counted({ ...run.counts, subscriptions: run.counts.subscriptions + page.seen }, world, page.findings);
  if (page.next !== undefined) return { ...held, after: page.next, counts };
  known.bad = tell(world, { ...counts, settings: await settingsDrift(world) });
  return { ...held, counts, doneAt: world.now().toISOString() };
}

/** Ordered by tenant: a sync changes the order of the index, but not this one. */
async function payersOf(world: World, shard: string, { shards }: Known): Promise<readonly Payer[]> {
  const read = shards.get(shard);
  if (read) return read;
  const all = (await allDue(world, shard)).map(listed).filter(pays);
  // A row that moved during the read may appear twice.
  const distinct = [...new Map(all.map((each) => [each.tenant, each])).values()];
  const payers = distinct.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  shards.set(shard, payers);
  return payers;
}

async function compareBatch(world: World, batch: readonly Payer[]): Promise<Finding[]> {
  const catalogue = await getCatalogue(world);
  const findings: Finding[] = [];
  const compare = async (account: Payer) => {
    findings.push(...(await compareAccount(world, account, catalogue, true)));
  };
  await paced(world, batch, compare, { perSecond: customersASecond(world) });
  return findings;
}

function counted(counts: z.infer<typeof Counts>, world: World, findings: readonly Finding[]): z.infer<typeof Counts> {
  for (const finding of findings) world.log("warn", "billing found", { ...finding });
  const of = (name: Finding["class"]) => findings.filter((each) => each.class === name);
  return {
    ...counts,
    findings: counts.findings + findings.length,
    unmapped: counts.unmapped + of("unmapped").length,
    unreachable: counts.unreachable + of("unreachable").length,
    remaining: counts.remaining + of("drift").filter(({ repaired }) => !repaired).length,
  };
}
