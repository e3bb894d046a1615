import type { Action } from "./account.ts";

/** A thing customers do, what it needs of the entitlement, and the operations of the API that do it. */
export interface Permission {
  readonly what: string;
  /** `always`: it keeps an account safe or only looks, so no bill has a say in it. */
  readonly needs: Action | "always";
  readonly operations: readonly string[];
  readonly note?: string;
}

/** Every operation of the API, by what the entitlement says to it. docs/permissions.md and its tests are made of this. */
export const matrix: readonly Permission[] = [
  {
    what: "Read: lists, status, logs, events, releases, usage, audit",
    needs: "read",
    operations: [
      "getMe",
      "getUsage",
      "listPlans",
      "getBilling",
      "listInvoices",
      "listTargets",
      "getTarget",
      "listApps",
      "getApp",
      "getAppStatus",
      "openLogs",
      "readLogs",
      "closeLogs",
      "listReleases",
      "getRelease",
      "listDeployments",
      "getDeployment",
      "listJobs",
      "getActivity",
      "getJob",
      "listJobEvents",
      "listAudit",
      "listImports",
    ],
  },
  {
    what: "Choose a plan and pay; look at the payment again",
    needs: "checkout",
    operations: ["startCheckout", "refreshBilling"],
    note: "Who has a subscription already is sent to the portal.",
  },
  {
    what: "Billing portal: card, open bills, invoices, cancel",
    needs: "billing",
    operations: ["openPortal"],
    note: "After a code from the mail, entered in the last 15 minutes; signing in is one.",
  },
  {
    what: "Change the plan",
    needs: "grow",
    operations: ["changePlan"],
    note: "An open bill is paid first: Stripe would add the difference to what is not paid.",
  },
  {
    what: "Roll back to an earlier healthy release; start the live one again",
    needs: "rollback",
    operations: ["rollback", "startApp"],
  },
  {
    what: "Deploy; add or remove an app or a target",
    needs: "grow",
    operations: ["createDeployment", "createApp", "removeApp", "addTarget", "removeTarget"],
    note: "Within the plan's limits, and not while a payment is disputed.",
  },
  {
    what: "Import a self-hosted installation",
    needs: "grow",
    operations: ["createImport"],
    note: "Its plan can be looked at in every state.",
  },
  { what: "Check a target, confirm its host key", needs: "always", operations: ["checkTarget", "trustTarget"] },
  { what: "Cancel a job", needs: "always", operations: ["cancelJob"] },
  {
    what: "Sign in, sign out, confirm a login, tokens",
    needs: "always",
    operations: [
      "requestCode",
      "verifyCode",
      "requestProof",
      "giveProof",
      "logout",
      "listSessions",
      "endSession",
      "endOtherSessions",
      "startDevice",
      "finishDevice",
      "showDevice",
      "answerDevice",
      "listTokens",
      "createToken",
      "revokeToken",
    ],
  },
  {
    what: "Close the account",
    needs: "always",
    operations: ["closeAccount"],
    note: "An owner, after a code from the mail, entered in the last 15 minutes. The subscription is ended first.",
  },
];
