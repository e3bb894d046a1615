import { audit } from "../../audit/audit.ts";
import { type Context, systemContext, type World } from "../../context.ts";
import { shardOf, shardsOf } from "../../due.ts";
import { Account, accountKey, entitlement, findAccount } from "../../entitlement/account.ts";
import { Problem } from "../../error.ts";
import type { Mail } from "../../mail/mail.ts";
import { type Posted, post, send } from "../../mail/outbox.ts";
import { get } from "../../query.ts";
import {
  assign,
  globalKey,
  overtaken,
  put,
  putOne,
  type Row,
  tryCommit,
  tryUpdate,
  ttlIn,
  update,
  type Write,
} from "../../table.ts";
import { wasClosed } from "../../tenant/closed.ts";
import { owners } from "../../tenant/tenant.ts";
import { type Catalogue, getCatalogue, planOfPrice } from "../stripe/catalogue.ts";
import { tenantOfCustomer } from "../stripe/customer.ts";
import { livemodeOf } from "../stripe/events.ts";
import { idOf } from "../stripe/objects.ts";
import { fetchSnapshot, type Snapshot } from "../stripe/snapshot.ts";
import type { SyncRequest } from "../stripe/sync-request.ts";
import { type BillingStanding, billingStanding, derive } from "./derive.ts";
import { dueNotice, lettersOf, logLetter, logsAfter, nextSyncAt, noticeLetter } from "./notices.ts";

/** `foreign`: the customer no longer belongs to the account. */
export type Outcome = "changed" | "same" | "superseded" | "foreign" | "rejected";

/** Longer than Stripe redelivers events (30 days). */
const EVENT_SECONDS = 45 * 86_400;
const TRIES = 8;

const eventKey = (event: string) => globalKey("EVT", event);
const doneRow = (world: World) => ({
  doneAt: world.now().toISOString(),
  ttl: ttlIn(world, EVENT_SECONDS),
});

export async function answerSyncRequest(world: World, request: SyncRequest): Promise<Outcome | "done" | "nobody"> {
  if (request.event && !request.again && (await get(world, eventKey(request.event)))) return "done";
  const customer = request.customer ?? (request.charge && (await customerOfCharge(world, request.charge)));
  if (!customer) {
    world.log("error", "event without a customer", { ...request });
    if (request.event) await putOne(world, eventKey(request.event), doneRow(world));
    return "nobody";
  }
  return syncCustomer(world, customer, request);
}

async function customerOfCharge(world: World, charge: string): Promise<string | undefined> {
  const { customer } = await (await world.stripe()).charges.retrieve(charge);
  return idOf(customer);
}

/**
 * A sync takes its number before it reads Stripe and is applied only over lower ones: the highest number read last, and each change's own
 * event starts a sync after that change. A sync that dies blocks nobody, since only applied numbers count.
 * @throws Error when no tenant has the customer: somebody paid and gets nothing, so the message must reach dead letters
 */
export async function syncCustomer(world: World, customer: string, request: SyncRequest = {}): Promise<Outcome> {
  const tenant = await tenantOfCustomer(world, customer);
  if (tenant === undefined) throw new Error(`no tenant has the Stripe customer ${customer}`);
  const ctx = systemContext(world, tenant, "billing");
  const taken = await takeNumber(ctx);
  if (taken?.customer !== customer) return done(ctx, request, "foreign");
  const snapshot = await fetchSnapshot(world, customer);
  if (snapshot.livemode !== livemodeOf(world)) {
    world.log("error", "customer of another mode", { customer, livemode: snapshot.livemode });
    return done(ctx, request, "rejected");
  }
  const catalogue = await catalogueFor(world, snapshot);
  return apply(ctx, taken, { snapshot, catalogue, request, number: taken.syncSeq ?? 0 });
}

/** Undefined when the account is closing or closed. */
async function takeNumber(ctx: Context): Promise<Account | undefined> {
  const one = {
    change: "SET syncSeq = if_not_exists(syncSeq, :zero) + :one",
    condition: "attribute_exists(pk) AND attribute_not_exists(closingAt)",
    values: { ":zero": 0, ":one": 1 },
  };
  const row = await tryUpdate(ctx, accountKey(ctx), one);
  if (row) return Account.parse(row);
  if ((await findAccount(ctx)) || (await wasClosed(ctx, ctx.tenant))) return undefined;
  throw new Problem("internal", { detail: "the account is missing" });
}

async function catalogueFor(world: World, { subscriptions }: Snapshot): Promise<Catalogue> {
  const catalogue = await getCatalogue(world);
  const known = subscriptions.every(({ price }) => price === null || planOfPrice(catalogue, price) !== undefined);
  return known ? catalogue : getCatalogue(world, { fresh: true });
}

async function done(ctx: Context, { event }: SyncRequest, outcome: Outcome): Promise<Outcome> {
  if (event) await putOne(ctx, eventKey(event), doneRow(ctx));
  return outcome;
}

interface SyncAttempt {
  readonly snapshot: Snapshot;
  readonly catalogue: Catalogue;
  readonly request: SyncRequest;
  readonly number: number;
}

async function apply(ctx: Context, taken: Account, sync: SyncAttempt): Promise<Outcome> {
  let account = taken;
  for (let attempt = 1; ; attempt++) {
    if (account.customer !== sync.snapshot.customer) return done(ctx, sync.request, "foreign");
    if ((account.appliedSeq ?? 0) > sync.number) return done(ctx, sync.request, "superseded");
    const before = billingStanding(account);
    const after = derive(sync.snapshot, sync.catalogue, before);
    const changed = JSON.stringify(before) !== JSON.stringify(after);
    const notice = dueNotice(after, account.noticed, ctx.now());
    const shorter = logLetter(account, after, ctx.now());
    const told = [
      ...lettersOf(before, after),
      ...(notice ? [noticeLetter(notice, after, ctx.now())] : []),
      ...(shorter ? [shorter] : []),
    ];
    const mails = await letters(ctx, told);
    const written = await tryCommit(
      ctx,
      writeAccount(ctx, account, after, sync),
      sync.request.event ? put(ctx, eventKey(sync.request.event), doneRow(ctx)) : undefined,
      changed ? auditLine(ctx, before, after, sync) : undefined,
      notice && audit(ctx, "billing.notice", ctx.tenant, { result: notice.step, detail: `unpaid since ${notice.anchor}` }),
      shorter && audit(ctx, "billing.notice", ctx.tenant, { result: "logs-shorter", detail: JSON.stringify(shorter.data) }),
      ...mails.map(({ write }) => write),
    );
    if (!written) {
      // Another sync was applied in between; its number decides which is later.
      if (attempt === TRIES) throw new Problem("version.stale");
      const found = await findAccount(ctx);
      if (!found || found.closingAt !== undefined) return done(ctx, sync.request, "foreign");
      account = found;
      continue;
    }
    for (const { mail } of mails) await send(ctx, mail);
    alertOperator(ctx, before, after);
    return changed ? "changed" : "same";
  }
}

async function letters(ctx: Context, told: readonly Pick<Mail, "template" | "data">[]): Promise<Posted[]> {
  if (told.length === 0) return [];
  const to = await owners(ctx);
  return told.flatMap((letter) => to.map((address) => post(ctx, { to: address, ...letter })));
}

function writeAccount(ctx: Context, account: Account, after: BillingStanding, sync: SyncAttempt): Write {
  const { deleted } = sync.snapshot;
  const checkout = deleted || checkoutIsOver(ctx, account, sync.request) ? null : account.checkout;
  const noticed = dueNotice(after, account.noticed, ctx.now()) ?? account.noticed ?? null;
  const dueAt = nextSyncAt(ctx, after, { checkout }, !deleted);
  const set: Row = {
    ...after,
    appliedSeq: sync.number,
    syncedAt: ctx.now().toISOString(),
    noticed: after.kind === "delinquent" ? noticed : null,
    logs: logsAfter(account, after, ctx.now()),
    ...(checkout === null && { checkout }),
    ...(dueAt && { dueAt, duePk: dueShard(ctx.tenant) }),
    ...(deleted && { customer: undefined, dueAt: undefined, duePk: undefined }),
  };
  const { change, values } = assign(set);
  const clears = checkout === null && account.checkout ? " AND checkout.attempt = :attempt" : "";
  return update(
    ctx,
    accountKey(ctx),
    {
      change,
      condition: `customer = :customer AND attribute_not_exists(closingAt) AND ${account.appliedSeq === undefined ? "attribute_not_exists(appliedSeq)" : "appliedSeq = :seen"}${clears}`,
      values: {
        ...values,
        ":customer": sync.snapshot.customer,
        ...(account.appliedSeq !== undefined && { ":seen": account.appliedSeq }),
        ...(clears && { ":attempt": account.checkout?.attempt }),
      },
    },
    overtaken,
  );
}

const checkoutIsOver = (ctx: Context, { checkout }: Account, { type, object }: SyncRequest) =>
  !!checkout &&
  (checkout.expiresAt <= ctx.now().toISOString() ||
    (object === checkout.session && (type === "checkout.session.completed" || type === "checkout.session.expired")));

export const billingShards = shardsOf("BILLING");
export const dueShard = (tenant: string): string => shardOf("BILLING", tenant);

function auditLine(ctx: Context, before: BillingStanding, after: BillingStanding, { request, number }: SyncAttempt): Write {
  const names = (Object.keys(after) as (keyof BillingStanding)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (standing: BillingStanding) => Object.fromEntries(names.map((name) => [name, standing[name]]));
  const detail = JSON.stringify({ before: pick(before), after: pick(after), event: request.event ?? null, sync: number });
  return audit(ctx, "billing.sync", ctx.tenant, { detail, result: entitlement(after, ctx.now()) });
}

function alertOperator(ctx: Context, before: BillingStanding, after: BillingStanding): void {
  const fresh = after.anomalies.filter((name) => !before.anomalies.includes(name));
  if (fresh.length > 0) ctx.log("error", "billing needs a person", { tenant: ctx.tenant, anomalies: fresh.join(",") });
}
