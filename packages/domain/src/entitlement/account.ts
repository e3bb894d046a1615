import * as z from "zod";
import type { Context, World } from "../context.ts";
import { Problem, type ProblemDetails } from "../error.ts";
import { type PricingPlanName, pricingPlanNames, pricingPlanOf } from "../pricing/plans.ts";
import { get } from "../query.ts";
import { check, key, overtaken, type Row, update, type Write } from "../table.ts";
import { type Action, type Entitlement, permits } from "./permission.ts";
import { Policy } from "./policy.ts";
import { offWords, worksAgain } from "./words.ts";

/**
 * The tenant's account: what it may do now (entitlement, derived from Stripe by billing) and what it uses of its plan. One row, so that one
 * condition covers both. The entitlement is computed on each read and needs no timer: at exactly `graceUntil` it is `restricted`.
 */
export const Account = z.object({
  tenant: z.string(),
  kind: z.enum(["none", "good", "delinquent", "paused", "ended"]),
  reason: z.string().nullable().optional(),
  plan: z.enum(pricingPlanNames).nullable(),
  slotLimit: z.number().int(),
  targetLimit: z.number().int(),
  graceUntil: z.string().nullable(),
  /** When the oldest unpaid invoice was finalized; grace counts from it. */
  anchor: z.string().nullable().optional(),
  hold: z.boolean().optional(),
  periodEnd: z.string().nullable().optional(),
  cancelAt: z.string().nullable().optional(),
  pendingPlan: z.enum(pricingPlanNames).nullable().optional(),
  customer: z.string().optional(),
  subscription: z.string().nullable().optional(),
  anomalies: z.array(z.string()).optional(),
  /** The last notice about the invoices unpaid since `anchor`; each step is sent once. */
  noticed: z
    .object({ anchor: z.string(), step: z.enum(["grace", "ending", "restricted"]) })
    .nullable()
    .optional(),
  /** The longer retention of an earlier plan, until the notice period ends. */
  logs: z.object({ days: z.number().int(), until: z.string() }).nullable().optional(),
  /** A registry's login was stored once: a run asks for those it needs. */
  logins: z.boolean().optional(),
  /** Of all its apps; an app may have stricter rules. */
  policy: Policy.optional(),
  /** Customers and payment pages made at Stripe so far; part of the idempotency keys. */
  customers: z.number().int().optional(),
  checkouts: z.number().int().optional(),
  checkout: z
    .object({
      session: z.string(),
      plan: z.enum(pricingPlanNames),
      url: z.string(),
      expiresAt: z.string(),
      attempt: z.number().int(),
    })
    .nullable()
    .optional(),
  /** Set when the account is being closed: nothing new starts, and the rest is ended and erased (closing/close.ts). */
  closingAt: z.string().optional(),
  closing: z.object({ by: z.string(), apps: z.array(z.string()), mails: z.array(z.string()) }).optional(),
  syncSeq: z.number().int().optional(),
  appliedSeq: z.number().int().optional(),
  syncedAt: z.string().optional(),
  duePk: z.string().optional(),
  dueAt: z.string().optional(),
  slots: z.number().int(),
  targets: z.number().int(),
  /** Accepted deploys in the order of their turns. May still list ended ones, which hold no place. */
  deploys: z.array(z.string()),
});
export type Account = z.infer<typeof Account>;

export const accountKey = (ctx: Pick<Context, "tenant">) => key(ctx, "ACCOUNT");

export const newAccount = (tenant: string): Account => ({
  tenant,
  kind: "none",
  plan: null,
  slotLimit: 0,
  targetLimit: 0,
  graceUntil: null,
  slots: 0,
  targets: 0,
  deploys: [],
});

export async function findAccount(ctx: Context, options: { consistent?: boolean } = {}): Promise<Account | undefined> {
  const found = await get(ctx, accountKey(ctx), options);
  return found && Account.parse(found);
}

export async function getAccount(ctx: Context): Promise<Account> {
  const found = await findAccount(ctx);
  if (!found) throw new Problem("account.closing");
  return found;
}

export function entitlement(account: Pick<Account, "kind" | "graceUntil">, now: Date): Entitlement {
  if (account.kind === "none") return "none";
  if (account.kind === "good") return "active";
  if (account.kind === "delinquent")
    return account.graceUntil !== null && now.toISOString() < account.graceUntil ? "grace" : "restricted";
  return "restricted";
}

export const restrictions = ["unpaid", "ended", "paused"] as const;
export type Restriction = (typeof restrictions)[number];

export function restrictedBy(account: Pick<Account, "kind" | "graceUntil">, now: Date): Restriction | null {
  if (entitlement(account, now) !== "restricted") return null;
  return account.kind === "ended" || account.kind === "paused" ? account.kind : "unpaid";
}

export function refusal(world: World, account: Account, action: Action): Problem | undefined {
  if (account.closingAt !== undefined && action !== "read") return new Problem("account.closing");
  const state = entitlement(account, world.now());
  const fixUrl = `${world.origin}/billing`;
  if (!permits(action, state)) {
    if (state === "none") return new Problem("billing.required", { facts: { fix_url: `${world.origin}/plans` } });
    if (state === "grace")
      return new Problem("billing.grace", {
        detail: `${offWords.grace.what}. ${offWords.grace.keeps} until ${account.graceUntil}; ${offWords.grace.off}.`,
        facts: { until: account.graceUntil, fix_url: fixUrl },
      });
    return new Problem("billing.restricted", restriction(world, account));
  }
  if (action === "grow" && account.hold) return new Problem("billing.hold", { facts: { fix_url: fixUrl } });
  return undefined;
}

/** Before work that a refused caller must not cause; the commit decides by `entitled`. @throws Problem what `refusal` answers */
export function assertPermitted(world: World, account: Account, action: Action): void {
  const refused = refusal(world, account, action);
  if (refused) throw refused;
}

function restriction({ origin, support }: World, { kind, graceUntil }: Account): ProblemDetails {
  if (kind === "ended")
    return {
      detail: `${offWords.ended.what}. ${worksAgain} once you choose one.`,
      facts: { fix_url: `${origin}/plans` },
      next: ["berth billing plans", "berth billing change PLAN"],
    };
  if (kind === "paused")
    return {
      detail: `${offWords.paused.what}. ${worksAgain} once it is resumed; for that, write to ${support}.`,
      facts: { fix_url: `${origin}/billing` },
      next: ["berth billing"],
    };
  return { facts: { since: graceUntil, fix_url: `${origin}/billing` } };
}

export interface Claim {
  /** 1 claims, -1 releases. */
  readonly slots?: 1 | -1;
  readonly targets?: 1 | -1;
  /** Marks that a registry's login is stored. */
  readonly logins?: true;
  readonly deploys?: { readonly seen: readonly string[]; readonly set: readonly string[] };
}

const clauses = (world: World, action: Action) => {
  const values: Row = {};
  const conditions: string[] = [];
  if (action === "grow") {
    conditions.push("kind = :good", "(attribute_not_exists(#hold) OR #hold = :false)");
    Object.assign(values, { ":good": "good", ":false": false });
  }
  if (action === "rollback") {
    conditions.push("(kind = :good OR (kind = :late AND graceUntil > :now))");
    Object.assign(values, { ":good": "good", ":late": "delinquent", ":now": world.now().toISOString() });
  }
  return { values, conditions };
};

/** Requires that the account permits the action and the plan has room, so concurrent claims never exceed a limit. */
export function entitled(ctx: Context, action: Action, claim: Claim = {}): Write {
  const { values, conditions } = clauses(ctx, action);
  const sets: string[] = [];
  for (const what of ["slots", "targets"] as const) {
    const by = claim[what];
    if (by === undefined) continue;
    sets.push(`${what} = ${what} + :${what}`);
    values[`:${what}`] = by;
    conditions.push(by > 0 ? `${what} < ${what === "slots" ? "slotLimit" : "targetLimit"}` : `${what} > :zero`);
    if (by < 0) values[":zero"] = 0;
  }
  if (claim.logins) {
    sets.push("logins = :logins");
    values[":logins"] = true;
  }
  if (claim.deploys) {
    sets.push("deploys = :set");
    conditions.push("deploys = :seen");
    values[":set"] = claim.deploys.set;
    values[":seen"] = claim.deploys.seen;
  }
  const explain = (row: Row | undefined) => {
    const account = Account.parse(row);
    const refused = refusal(ctx, account, action);
    if (refused) return refused;
    const facts = { plan: account.plan, fix_url: `${ctx.origin}/billing` };
    if (claim.slots === 1 && account.slots >= account.slotLimit)
      return new Problem("billing.slots_full", { detail: `${account.slots} of ${account.slotLimit} app slots are used.`, facts });
    if (claim.targets === 1 && account.targets >= account.targetLimit)
      return new Problem("billing.targets_full", {
        detail: `${account.targets} of ${account.targetLimit} targets are used.`,
        facts,
      });
    return overtaken;
  };
  const condition = ["attribute_exists(pk)", ...conditions].join(" AND ");
  const given = Object.keys(values).length > 0 ? { values } : {};
  if (sets.length === 0) return check(ctx, accountKey(ctx), { condition, ...given }, explain);
  return update(ctx, accountKey(ctx), { change: `SET ${sets.join(", ")}`, condition, ...given }, explain);
}

export const isOpen = (ctx: Context): Write =>
  check(
    ctx,
    accountKey(ctx),
    { condition: "attribute_exists(pk) AND attribute_not_exists(closingAt)" },
    new Problem("account.closing"),
  );

/** Permitted in every billing state. */
export const giveBack = (ctx: Context, what: "slots" | "targets"): Write =>
  update(ctx, accountKey(ctx), {
    change: `SET ${what} = ${what} - :one`,
    condition: `${what} > :zero`,
    values: { ":one": 1, ":zero": 0 },
  });

export const limitsOf = (plan: PricingPlanName) => ({
  slotLimit: pricingPlanOf(plan).slots,
  targetLimit: pricingPlanOf(plan).targets,
});

/** Deploys at a time. What was accepted under a plan that has ended still takes its turn. */
export const concurrentOf = ({ plan }: Pick<Account, "plan">) => (plan ? pricingPlanOf(plan).concurrent : 1);

const LOG_DAYS_WITHOUT_PLAN = 7;
export const planLogDays = (plan: PricingPlanName | null) =>
  plan === null ? LOG_DAYS_WITHOUT_PLAN : pricingPlanOf(plan).logDays;

export const logDays = ({ plan, logs }: Pick<Account, "plan" | "logs">, now: Date): number =>
  Math.max(planLogDays(plan), logs && now.toISOString() < logs.until ? logs.days : 0);
