import { offWords, worksAgain } from "../entitlement/words.ts";

const { grace, unpaid } = offWords;

export const billingProblems = {
  "billing.required": {
    status: 402,
    title: "A plan is needed for that",
    hint: "Choose a plan; it takes effect at once.",
    next: ["berth billing plans", "berth billing change PLAN"],
  },
  "billing.grace": {
    status: 402,
    title: `${grace.what}, so ${grace.off}`,
    hint: `${grace.fix}. ${worksAgain} as soon as ${grace.until}.`,
    next: ["berth billing", "berth billing invoices", "berth rollback"],
  },
  "billing.restricted": {
    status: 402,
    title: `The plan is not paid, so ${unpaid.off}`,
    hint: `${unpaid.fix}, or choose a plan if yours has ended. ${worksAgain} at once. ${unpaid.keeps}.`,
    next: ["berth billing", "berth billing invoices"],
  },
  "billing.hold": {
    status: 402,
    title: "A payment is disputed, so nothing can be added",
    hint: "It is lifted when the dispute is settled. Questions: SUPPORT",
    next: ["berth billing invoices", "berth billing --refresh"],
  },
  "billing.slots_full": {
    status: 402,
    title: "All app slots of your plan are used",
    hint: "Remove an app, or choose a larger plan.",
    next: ["berth app list", "berth billing change PLAN"],
  },
  "billing.targets_full": {
    status: 402,
    title: "All targets of your plan are used",
    hint: "Remove a target, or choose a larger plan.",
    next: ["berth target list", "berth billing change PLAN"],
  },
  "billing.subscribed": {
    status: 409,
    title: "There is a subscription already",
    hint: "Change the plan here, or the card in the billing portal.",
    next: ["berth billing change PLAN", "berth billing"],
  },
  "billing.no_customer": {
    status: 409,
    title: "There is nothing to manage yet",
    hint: "Choose a plan first.",
    next: ["berth billing plans", "berth billing change PLAN"],
  },
  "billing.no_subscription": {
    status: 409,
    title: "There is no subscription to change",
    hint: "Choose a plan first.",
    next: ["berth billing plans", "berth billing change PLAN"],
  },
  "billing.same_plan": { status: 409, title: "That is your plan already", next: ["berth billing plan", "berth billing plans"] },
  "billing.change_pending": {
    status: 409,
    title: "A change of your plan waits to be paid",
    hint: "Confirm the payment at the address given, or wait a day until the change lapses.",
    next: ["berth billing invoices", "berth billing plan"],
  },
  "billing.canceling": {
    status: 409,
    title: "The subscription is set to end",
    hint: "Take the cancellation back in the billing portal, then change the plan.",
    next: ["berth prove", "berth billing"],
  },
  "billing.currency": {
    status: 409,
    title: "This account pays in another currency",
    hint: "To change the currency, write to SUPPORT",
    next: ["berth billing invoices"],
  },
  "billing.unavailable": {
    status: 503,
    title: "The payment service does not answer",
    hint: "Nothing was charged. Try again in a minute.",
    next: ["berth billing"],
  },
} as const;
