import * as z from "zod";
import type { Context, World } from "../context.ts";
import { Problem, type ProblemDetails } from "../error.ts";
import { type PlanName, planNames, planOf } from "../plan/plan.ts";
import { check, get, key, type Row, update, type Write } from "../table.ts";
import { type Action, type Entitlement, permits } from "./permission.ts";

/**
 * The tenant's account: what it may do now (entitlement, derived from Stripe's snapshot by billing) and what it uses of its plan
 * (slots, targets, deploys under way). One row, so that one condition holds both.
 * The state is computed when it is read: nothing depends on a timer having run. At exactly `graceUntil` it is restricted.
 */
export const Account = z.object({
  tenant: z.string(),
  kind: z.enum(["none", "good", "delinquent", "paused", "ended"]),
  reason: z.string().nullable().optional(),
  plan: z.enum(planNames).nullable(),
  slotLimit: z.number().int(),
  targetLimit: z.number().int(),
  graceUntil: z.string().nullable(),
  /** When the oldest unpaid invoice of this episode was due; where grace is counted from. */
  anchor: z.string().nullable().optional(),
  /** A dispute is open: nothing may be added. */
  hold: z.boolean().optional(),
  periodEnd: z.string().nullable().optional(),
  cancelAt: z.string().nullable().optional(),
  pendingPlan: z.enum(planNames).nullable().optional(),
  customer: z.string().optional(),
  subscription: z.string().nullable().optional(),
  anomalies: z.array(z.string()).optional(),
  /** The last notice about the unpaid bill of this anchor; each is given once. */
  noticed: z
    .object({ anchor: z.string(), step: z.enum(["grace", "ending", "restricted"]) })
    .nullable()
    .optional(),
  /** The plan keeps logs for fewer days than before; until then they are kept as long as they were, and the customer was told. */
  logs: z.object({ days: z.number().int(), until: z.string() }).nullable().optional(),
  /** How many customers and payment pages were made at Stripe so far: part of the keys that keep a repeat from making another. */
  customers: z.number().int().optional(),
  checkouts: z.number().int().optional(),
  checkout: z
    .object({ session: z.string(), plan: z.enum(planNames), url: z.string(), expiresAt: z.string(), attempt: z.number().int() })
    .nullable()
    .optional(),
  /** The account is being closed: nothing begins any more, and what is left is ended and erased (tenant/close.ts). */
  closingAt: z.string().optional(),
  closing: z.object({ by: z.string(), apps: z.array(z.string()), mails: z.array(z.string()) }).optional(),
  syncSeq: z.number().int().optional(),
  appliedSeq: z.number().int().optional(),
  syncedAt: z.string().optional(),
  /** When billing has to look again by itself; the sparse index. */
  duePk: z.string().optional(),
  dueAt: z.string().optional(),
  slots: z.number().int(),
  targets: z.number().int(),
  /** Deploys accepted and, as far as was known at the last acceptance, not ended, in the order of their turns. One that has ended holds no place. */
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

export async function findAccount(ctx: Context): Promise<Account | undefined> {
  const found = await get(ctx, accountKey(ctx));
  return found && Account.parse(found);
}

/** @throws Problem account.closing where there is none any more */
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

/** Why an account is restricted: who ended a plan that was paid to the last day owes nothing and is told of no bill. */
export function restrictedBy(account: Pick<Account, "kind" | "graceUntil">, now: Date): Restriction | null {
  if (entitlement(account, now) !== "restricted") return null;
  return account.kind === "ended" || account.kind === "paused" ? account.kind : "unpaid";
}

/** The refusal of an action to an account, or undefined if it is permitted. */
export function refusal(world: World, account: Account, action: Action): Problem | undefined {
  if (account.closingAt !== undefined && action !== "read") return new Problem("account.closing");
  const state = entitlement(account, world.now());
  const fixUrl = `${world.origin}/billing`;
  if (!permits(action, state)) {
    if (state === "none") return new Problem("billing.required", { facts: { fix_url: `${world.origin}/plans` } });
    if (state === "grace")
      return new Problem("billing.grace", {
        detail: `A payment failed. Until ${account.graceUntil} your apps keep running and you can roll back, but not change them.`,
        facts: { until: account.graceUntil, fix_url: fixUrl },
      });
    return new Problem("billing.restricted", restriction(world, account));
  }
  if (action === "grow" && account.hold) return new Problem("billing.hold", { facts: { fix_url: fixUrl } });
  return undefined;
}

/** Why changes are off, and where that is fixed: an open bill in the portal, a plan that has ended by choosing one. */
function restriction({ origin, support }: World, { kind, graceUntil }: Account): ProblemDetails {
  if (kind === "ended")
    return {
      detail: "Your plan has ended. Choose one and everything works again.",
      facts: { fix_url: `${origin}/plans` },
      next: ["berth plans", "berth plan change PLAN"],
    };
  if (kind === "paused")
    return {
      detail: `Your subscription is paused. To have it resumed, write to ${support}; then everything works again.`,
      facts: { fix_url: `${origin}/billing` },
      next: ["berth billing"],
    };
  return { facts: { since: graceUntil, fix_url: `${origin}/billing` } };
}

export interface Claim {
  /** 1 claims an app slot, -1 gives one back. */
  readonly slots?: 1 | -1;
  readonly targets?: 1 | -1;
  /** The list of deploys as it shall be, given the list as it was seen. */
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

/**
 * One condition inside a commit: the account permits the action and the plan has room for what is claimed. Of many claims at once the
 * plan's number wins and the others are told which limit it was.
 */
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
      return new Problem("plan.slots_full", { detail: `${account.slots} of ${account.slotLimit} app slots are used.`, facts });
    if (claim.targets === 1 && account.targets >= account.targetLimit)
      return new Problem("plan.targets_full", {
        detail: `${account.targets} of ${account.targetLimit} targets are used.`,
        facts,
      });
    return new Problem("version.stale");
  };
  const condition = ["attribute_exists(pk)", ...conditions].join(" AND ");
  const given = Object.keys(values).length > 0 ? { values } : {};
  if (sets.length === 0) return check(ctx, accountKey(ctx), { condition, ...given }, explain);
  return update(ctx, accountKey(ctx), { change: `SET ${sets.join(", ")}`, condition, ...given }, explain);
}

/** One condition inside a commit: the account is there and not being closed. For what needs nothing else of it. */
export const isOpen = (ctx: Context): Write =>
  check(
    ctx,
    accountKey(ctx),
    { condition: "attribute_exists(pk) AND attribute_not_exists(closingAt)" },
    new Problem("account.closing"),
  );

/** Gives back what was claimed, whatever the entitlement is by now. */
export const giveBack = (ctx: Context, what: "slots" | "targets"): Write =>
  update(ctx, accountKey(ctx), {
    change: `SET ${what} = ${what} - :one`,
    condition: `${what} > :zero`,
    values: { ":one": 1, ":zero": 0 },
  });

export const limitsOf = (plan: PlanName) => ({ slotLimit: planOf(plan).slots, targetLimit: planOf(plan).targets });

/** Days for which logs are kept where there is no plan. */
const LEAST_LOG_DAYS = 7;
export const planLogDays = (plan: PlanName | null) => (plan === null ? LEAST_LOG_DAYS : planOf(plan).logDays);

/** Days for which a log that is written now is kept. */
export const logDays = ({ plan, logs }: Pick<Account, "plan" | "logs">, now: Date): number =>
  Math.max(planLogDays(plan), logs && now.toISOString() < logs.until ? logs.days : 0);
