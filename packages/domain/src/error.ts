/**
 * Every way a request or a job can be refused or fail (RFC 9457 problems). The code is the contract: its meaning never changes and it is
 * never reused. Titles and hints are safe to show anyone; `next` holds commands worth trying. Answers, the CLI, its exit codes, the
 * dashboard and docs/errors.md all read the same entry.
 */
export interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
  readonly hint?: string;
  readonly next?: readonly string[];
}

export const catalogue = {
  "input.invalid": {
    status: 422,
    title: "The request is not valid",
    hint: "Mend the fields named in the detail and send it again.",
  },
  "input.too_large": {
    status: 413,
    title: "The request is too large",
    hint: "Send at most 1 MB; a bundle may be at most 256 KB compressed.",
  },
  "route.not_found": { status: 404, title: "There is no such address", hint: "GET /v1/openapi.json lists every address." },
  "idempotency.mismatch": {
    status: 422,
    title: "This Idempotency-Key was used with another request",
    hint: "Use a new key for a new request; repeat a request with exactly the same body.",
  },
  "idempotency.busy": {
    status: 409,
    title: "The same request is being worked on",
    hint: "Wait a second and repeat it with the same key; you get its answer.",
  },
  "rate.limited": { status: 429, title: "Too many requests", hint: "Wait for the time in Retry-After, then try again." },
  "auth.required": { status: 401, title: "You are not logged in", hint: "Log in, or send a token.", next: ["berth login"] },
  "auth.code_wrong": { status: 401, title: "The code is not right", hint: "Check the latest e-mail, or ask for a new code." },
  "auth.origin": { status: 403, title: "The request came from another site", hint: "Use Berth's own pages, or a token." },
  "auth.device_pending": {
    status: 428,
    title: "The login was not confirmed yet",
    hint: "Confirm it in the browser; ask again after the interval.",
  },
  "auth.device_slow": { status: 429, title: "Asked too soon", hint: "Wait for the interval given at the start." },
  "auth.device_denied": { status: 403, title: "The login was denied", next: ["berth login"] },
  "auth.device_expired": { status: 410, title: "The login request has expired", hint: "Start again.", next: ["berth login"] },
  "auth.proof": {
    status: 403,
    title: "This needs a fresh proof that it is you",
    hint: "Ask for a code by e-mail and enter it. It holds for 15 minutes.",
    next: ["berth prove"],
  },
  "account.apps_running": {
    status: 409,
    title: "Apps are deployed on your servers",
    hint: "Remove them first, or leave them running: they stay on your servers, and Berth can no longer reach them.",
    next: ["berth app list", "berth account delete --leave-apps"],
  },
  "account.busy": {
    status: 409,
    title: "Work is under way on your servers",
    hint: "Wait for it, or cancel it.",
    next: ["berth jobs list"],
  },
  "account.closing": {
    status: 409,
    title: "The account is being closed",
    hint: "Its subscription is ended and its data erased; you get a mail when that is done. The address can sign up again then.",
  },
  "token.scope": {
    status: 403,
    title: "This credential may not do that",
    hint: "Use a token with the scope named in the detail.",
    next: ["berth token create NAME --scope deploy"],
  },
  "token.not_found": { status: 404, title: "No such token", next: ["berth token list"] },
  "billing.required": {
    status: 402,
    title: "A plan is needed for that",
    hint: "Choose a plan; it takes effect at once.",
    next: ["berth plans", "berth plan change PLAN"],
  },
  "billing.grace": {
    status: 402,
    title: "A payment failed, so changes are paused",
    hint: "Mend the payment; running apps, logs, backups and rollback go on. Changes work again at once when it is paid.",
    next: ["berth billing", "berth billing invoices", "berth rollback"],
  },
  "billing.restricted": {
    status: 402,
    title: "The plan is not paid, so changes are off",
    hint: "Pay the open bill, or choose a plan if yours has ended; everything works again at once. Running apps, logs and export are untouched.",
    next: ["berth billing", "berth billing invoices"],
  },
  "billing.hold": {
    status: 402,
    title: "A payment is disputed, so nothing can be added",
    hint: "Write to support to settle the dispute.",
    next: ["berth billing invoices", "berth billing --refresh"],
  },
  "billing.subscribed": {
    status: 409,
    title: "There is a subscription already",
    hint: "Change the plan here, or the card in the billing portal.",
    next: ["berth plan change PLAN", "berth billing"],
  },
  "billing.no_customer": {
    status: 409,
    title: "There is nothing to manage yet",
    hint: "Choose a plan first.",
    next: ["berth plans", "berth plan change PLAN"],
  },
  "billing.no_subscription": {
    status: 409,
    title: "There is no subscription to change",
    hint: "Choose a plan first.",
    next: ["berth plans", "berth plan change PLAN"],
  },
  "billing.same_plan": { status: 409, title: "That is your plan already", next: ["berth plan", "berth plans"] },
  "billing.change_pending": {
    status: 409,
    title: "A change of your plan waits to be paid",
    hint: "Confirm the payment at the address given, or wait a day until the change lapses.",
    next: ["berth billing invoices", "berth plan"],
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
    hint: "Write to support to change the currency.",
    next: ["berth billing invoices"],
  },
  "billing.unavailable": {
    status: 503,
    title: "The payment service does not answer",
    hint: "Nothing was charged. Try again in a minute.",
    next: ["berth billing"],
  },
  "plan.slots_full": {
    status: 402,
    title: "All app slots of your plan are used",
    hint: "Remove an app, or choose a larger plan.",
    next: ["berth app list", "berth plan change PLAN"],
  },
  "plan.targets_full": {
    status: 402,
    title: "All targets of your plan are used",
    hint: "Remove a target, or choose a larger plan.",
    next: ["berth target list", "berth plan change PLAN"],
  },
  "target.not_found": { status: 404, title: "No such target", next: ["berth target list"] },
  "target.exists": {
    status: 409,
    title: "There is a target with that name",
    hint: "Choose another name.",
    next: ["berth target list"],
  },
  "target.address": {
    status: 422,
    title: "That address cannot be a target",
    hint: "Give a public IP address, or a name that resolves only to public addresses.",
  },
  "target.untrusted": {
    status: 409,
    title: "The target's host key was not confirmed",
    hint: "Compare the fingerprint with the server's own and confirm it.",
    next: ["berth target trust NAME"],
  },
  "target.key_mismatch": {
    status: 409,
    title: "That is not the host key the server showed",
    hint: "Look at the fingerprint again; confirm only the one you can verify.",
    next: ["berth target check NAME"],
  },
  "target.in_use": {
    status: 409,
    title: "Apps are deployed on that target",
    hint: "Remove them first.",
    next: ["berth app list"],
  },
  "app.not_found": { status: 404, title: "No such app", next: ["berth app list"] },
  "app.exists": { status: 409, title: "There is an app with that name", hint: "Choose another name.", next: ["berth app list"] },
  "app.busy": {
    status: 409,
    title: "Another change of this app is under way",
    hint: "Wait for it, or cancel it.",
    next: ["berth jobs watch JOB", "berth jobs cancel JOB"],
  },
  "app.not_deployed": { status: 409, title: "The app is not deployed", next: ["berth deploy"] },
  "release.not_found": { status: 404, title: "No such release", next: ["berth releases"] },
  "release.none_earlier": { status: 409, title: "There is no earlier release to go back to", next: ["berth releases"] },
  "release.never_healthy": {
    status: 409,
    title: "That release was never healthy",
    hint: "Roll back to one that was, or deploy again.",
    next: ["berth releases"],
  },
  "bundle.too_large": {
    status: 413,
    title: "The bundle is larger than 256 KB compressed",
    hint: "Put large files into an image or a volume; a bundle is for Compose files and small configuration.",
  },
  "compose.invalid": { status: 422, title: "The Compose file is not valid", hint: "docker compose config shows the place." },
  "compose.unsupported": { status: 422, title: "The Compose file uses something that cannot be deployed" },
  "deployment.not_found": { status: 404, title: "No such deployment", next: ["berth jobs list"] },
  "deployment.no_target": {
    status: 409,
    title: "It is not clear where to deploy",
    hint: "Name one or more targets; later deploys go to the same ones.",
    next: ["berth target list", "berth deploy --target NAME"],
  },
  "deployment.too_many": {
    status: 429,
    title: "Too many deploys are waiting",
    hint: "Wait for some of them to end, or cancel them.",
    next: ["berth jobs list"],
  },
  "job.not_found": { status: 404, title: "No such job", next: ["berth jobs list"] },
  "job.ended": { status: 409, title: "The job has ended already", next: ["berth jobs show JOB"] },
  "import.secret": {
    status: 422,
    title: "The export holds a secret",
    hint: "Take it out, or in a Compose file put a variable in its place; give its value when you deploy.",
  },
  "import.plan_changed": {
    status: 409,
    title: "That is not the plan as it is now",
    hint: "Look at the plan again and apply the new one.",
    next: ["berth import self-hosted FILE"],
  },
  "server.slow": {
    status: 504,
    title: "The server did not answer in time",
    hint: "Check that it is up and reachable.",
    next: ["berth target check NAME"],
  },
  "version.stale": { status: 409, title: "It was changed meanwhile", hint: "Read it again and repeat the request." },
  "service.busy": {
    status: 503,
    title: "Berth is busy",
    hint: "Try again in a few seconds; with the same Idempotency-Key it is done at most once.",
  },
  internal: {
    status: 500,
    title: "Something failed on our side",
    hint: "Try again; if it stays, write to support with the request id.",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type Code = keyof typeof catalogue;

export interface ProblemDetails {
  /** What happened, to what. Shown, so it holds no secret. */
  readonly detail?: string;
  /** Further members of the answer, such as `until` or `job`. */
  readonly facts?: Record<string, string | number | boolean | null>;
  /** Replaces the catalogue's commands where the names are known. */
  readonly next?: readonly string[];
  /** For the log only. */
  readonly cause?: unknown;
}

/** A refusal from the catalogue. */
export class Problem extends Error {
  readonly code: Code;
  readonly detail: string | undefined;
  readonly facts: Record<string, string | number | boolean | null>;
  readonly next: readonly string[];

  constructor(code: Code, details: ProblemDetails = {}) {
    super(details.detail ?? catalogue[code].title, { cause: details.cause });
    const entry: CatalogueEntry = catalogue[code];
    this.code = code;
    this.detail = details.detail;
    this.facts = details.facts ?? {};
    this.next = details.next ?? entry.next ?? [];
  }
}
