import type { Code } from "../error.ts";

export const entitlements = ["none", "active", "grace", "restricted"] as const;
export type Entitlement = (typeof entitlements)[number];

/** The states in which an action is permitted. `grow` is every change of what a customer runs. */
export const actions = {
  always: entitlements,
  read: entitlements,
  checkout: entitlements,
  portal: ["active", "grace", "restricted"],
  rollback: ["active", "grace"],
  grow: ["active"],
} as const satisfies Record<string, readonly Entitlement[]>;
export type Action = keyof typeof actions;

export const permits = (action: Action, state: Entitlement) => (actions[action] as readonly Entitlement[]).includes(state);

interface Facts {
  readonly what: string;
  /** `always`: it secures the account or only reads, whatever the bill. */
  readonly action: Action;
  readonly note?: string;
}

/** Each route names the one it `needs`; docs/permissions.md is this table with the operations of the routes. */
export const permissions = {
  read: { what: "Read: lists, status, logs, events, releases, usage, audit", action: "read" },
  checkout: {
    what: "Choose a plan and pay; look at the payment again",
    action: "checkout",
    note: "Who has a subscription already is sent to the portal.",
  },
  portal: {
    what: "Billing portal: card, open bills, invoices, cancel",
    action: "portal",
    note: "After a code from the mail, entered in the last 15 minutes; signing in is one.",
  },
  "plan-change": {
    what: "Change the plan",
    action: "grow",
    note: "An open bill is paid first: Stripe would add the difference to what is not paid.",
  },
  rollback: { what: "Roll back to an earlier healthy release; start the live one again", action: "rollback" },
  grow: {
    what: "Deploy; add or remove an app, an add-on or a target, or have a password add its key; prepare a server; set secrets and variables; store a registry's login",
    action: "grow",
    note: "Within the plan's limits, and not while a payment is disputed.",
  },
  import: {
    what: "Import a self-hosted installation",
    action: "grow",
    note: "Its plan can be looked at in every state.",
  },
  check: {
    what: "Check a target or a registry's login, confirm a host key, label a target; plan a deployment; set the policy",
    action: "always",
  },
  forget: { what: "Remove a registry's login", action: "always" },
  cancel: { what: "Cancel a job", action: "always" },
  identity: { what: "Sign in, sign out, confirm a login, tokens", action: "always" },
  close: {
    what: "Close the account",
    action: "always",
    note: "An owner, after a code from the mail, entered in the last 15 minutes. The subscription is ended first.",
  },
} as const satisfies Record<string, Facts>;
export type Permission = keyof typeof permissions;

const codes = { none: "billing.required", grace: "billing.grace", restricted: "billing.restricted" } as const;

/** The portal ignores the entitlement: it refuses those who never paid with a problem of its own. */
export function refusalsOf(action: Action): Code[] {
  if (action === "portal") return [];
  const refused = (["none", "grace", "restricted"] as const).filter((state) => !permits(action, state));
  return [...refused.map((state) => codes[state]), ...(action === "grow" ? (["billing.hold"] as const) : [])];
}
