import type { Chaos } from "./chaos.ts";
import { calm } from "./chaos.ts";

/** What an account's owner sets in the dashboard, and what a test wants to happen. */
export interface Settings {
  /** Days after the first failed attempt at which it is tried again, and what becomes of the subscription when they are used up. */
  dunning: { offsetDays: number[]; final: "unpaid" | "cancel" | "past_due" };
  /** Decline codes by customer id, or by `all`: every charge of theirs fails with it, whatever the card. */
  failing: Record<string, string>;
  /** Decline codes for the next charges, whoever's they are; used up one by one. */
  failNext: string[];
  /** Customers, or `all`, whose drafts cannot be made final, with the code of the error; nothing is collected from them meanwhile. */
  unfinalizable: Record<string, string>;
  /** HTTP statuses with which the next API requests fail, whatever they are; used up one by one. */
  refusals: number[];
  /** How long every API request takes, milliseconds. */
  latencyMs: number;
  /** The dashboard switch that sends a customer who already subscribes from the checkout page to the portal. */
  limitOneSubscription: boolean;
  /** How long a test clock rests between two things that fall due, milliseconds; while it moves it can be watched. */
  clockStepMs: number;
  chaos: Chaos;
}

/** Eight tries in two weeks and then unpaid, as the product asks its account to be set. */
export function defaultSettings(): Settings {
  return {
    dunning: { offsetDays: [2, 3, 5, 6, 8, 10, 14], final: "unpaid" },
    failing: {},
    failNext: [],
    unfinalizable: {},
    refusals: [],
    latencyMs: 0,
    limitOneSubscription: false,
    clockStepMs: 0,
    chaos: calm(),
  };
}
