/** What may go wrong between Stripe and an endpoint. Shares are between 0 and 1, delays in milliseconds of real time. */
export interface Chaos {
  /** Deliver what is queued in any order. */
  shuffle: boolean;
  /** Share of deliveries made twice. */
  duplicate: number;
  /** Share of deliveries that never leave. */
  drop: number;
  /** Share of deliveries whose signature is wrong at the first attempt. */
  corrupt: number;
  /** The longest that a delivery waits before it leaves. */
  delayMs: number;
  /** Seconds by which the signature's time is off. */
  skewSeconds: number;
}

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
