import type { Context } from "../../context.ts";
import { type Account, logDays, planLogDays } from "../../entitlement/account.ts";
import type { Mail } from "../../mail/mail.ts";
import { pricingPlanNames, pricingPlanOf } from "../../pricing/plans.ts";
import type { BillingStanding } from "./derive.ts";

type Letter = Pick<Mail, "template" | "data">;
type Noticed = NonNullable<Account["noticed"]>;

export const ENDING_NOTICE_SECONDS = 2 * 86_400;

const steps: readonly Noticed["step"][] = ["grace", "ending", "restricted"];
const templates = { grace: "grace", ending: "grace-ending", restricted: "restricted" } as const;
const day = (at: string | null) => (at ?? "").slice(0, 10);
/** To the minute: on the last day of grace the time decides. */
const minute = (at: string | null) => (at === null ? "" : `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`);
const limits = ({ plan }: BillingStanding) =>
  plan === null
    ? {}
    : { plan: pricingPlanOf(plan).title, slots: pricingPlanOf(plan).slots, targets: pricingPlanOf(plan).targets };

/** Only the latest notice that is due, so that a late sync does not announce what is past. */
export function dueNotice(
  at: Pick<BillingStanding, "kind" | "anchor" | "graceUntil">,
  noticed: Account["noticed"],
  now: Date,
): Noticed | undefined {
  if (at.kind !== "delinquent" || at.anchor === null || at.graceUntil === null) return undefined;
  const left = Date.parse(at.graceUntil) - now.getTime();
  const step = left <= 0 ? "restricted" : left <= ENDING_NOTICE_SECONDS * 1000 ? "ending" : "grace";
  const given = noticed?.anchor === at.anchor ? steps.indexOf(noticed.step) : -1;
  return steps.indexOf(step) > given ? { anchor: at.anchor, step } : undefined;
}

export const noticeLetter = (
  { step }: Noticed,
  { graceUntil, reason }: Pick<BillingStanding, "graceUntil" | "reason">,
  now: Date,
): Letter => ({
  template: step === "grace" && reason === "authentication_required" ? "grace-confirm" : templates[step],
  data: { until: minute(graceUntil), left: leftOf(graceUntil, now) },
});

function leftOf(graceUntil: string | null, now: Date): string {
  const days = Math.round((Date.parse(graceUntil ?? "") - now.getTime()) / 86_400_000);
  return days >= 2 ? "Two days left" : days === 1 ? "One day left" : "Hours left";
}

export function lettersOf(before: BillingStanding, after: BillingStanding): Letter[] {
  if (after.kind === "ended" && before.kind !== "ended" && before.kind !== "none") return [{ template: "ended", data: {} }];
  if (after.kind === "paused" && before.kind !== "paused") return [{ template: "paused", data: {} }];
  if (after.kind !== "good") return [];
  if (before.kind === "none" || before.kind === "ended")
    return [{ template: "welcome", data: { plan: limits(after).plan ?? "" } }];
  // A forgiven invoice or an ended pause is not a payment.
  const paid = before.kind === "delinquent" && !after.anomalies.includes("uncollectible");
  const letters: Letter[] = before.kind === "good" ? [] : [{ template: paid ? "recovered" : "resumed", data: {} }];
  const grown = after.plan && before.plan ? pricingPlanNames.indexOf(after.plan) - pricingPlanNames.indexOf(before.plan) : 0;
  if (grown !== 0)
    letters.push({ template: grown > 0 ? "upgraded" : "downgraded", data: { plan: "", slots: 0, targets: 0, ...limits(after) } });
  if (after.pendingPlan && after.pendingPlan !== before.pendingPlan)
    letters.push({
      template: "downgrade-planned",
      data: { plan: pricingPlanOf(after.pendingPlan).title, at: day(after.periodEnd) },
    });
  // Withdrawn, or dropped for an upgrade that was not paid: the current plan renews.
  if (before.pendingPlan && !after.pendingPlan && after.plan && grown === 0 && !after.cancelAt)
    letters.push({
      template: "downgrade-dropped",
      data: { plan: pricingPlanOf(after.plan).title, smaller: pricingPlanOf(before.pendingPlan).title },
    });
  if (after.cancelAt && !before.cancelAt) letters.push({ template: "canceled", data: { at: day(after.cancelAt) } });
  return letters;
}

export const LOG_NOTICE_DAYS = 7;

/** Shorter retention takes effect only after the notice period. */
export function logsAfter(account: Account, after: BillingStanding, now: Date): NonNullable<Account["logs"]> | null {
  const days = logDays(account, now);
  if (planLogDays(after.plan) >= days) return null;
  if (planLogDays(after.plan) >= planLogDays(account.plan)) return account.logs ?? null;
  return { days, until: new Date(now.getTime() + LOG_NOTICE_DAYS * 86_400_000).toISOString() };
}

export const logLetter = (account: Account, after: BillingStanding, now: Date): Letter | undefined => {
  const logs = logsAfter(account, after, now);
  if (logs === null || logs.until === account.logs?.until) return undefined;
  return { template: "logs-shorter", data: { days: planLogDays(after.plan), before: logs.days, at: day(logs.until) } };
};

/** Undefined where nothing can change without an event. The weekly sync is a fallback for the nightly comparison. */
export function nextSyncAt(
  ctx: Context,
  at: BillingStanding,
  account: Pick<Account, "checkout">,
  customer: boolean,
): string | undefined {
  if (!customer) return undefined;
  const now = ctx.now().getTime();
  const hour = 3_600_000;
  const times = [now + 7 * 24 * hour];
  if (at.kind === "delinquent" || at.pendingPlan !== null || account.checkout) times.push(now + hour);
  const grace = at.graceUntil === null ? Number.NaN : Date.parse(at.graceUntil);
  if (at.kind === "delinquent") times.push(...[grace - ENDING_NOTICE_SECONDS * 1000, grace].filter((time) => time > now));
  return new Date(Math.min(...times)).toISOString();
}
