import { addonProblems } from "./addon/problems.ts";
import { appProblems } from "./app/problems.ts";
import { authProblems } from "./auth/problems.ts";
import { billingProblems } from "./billing/problems.ts";
import { composeProblems } from "./compose/problems.ts";
import { deployerProblems } from "./deployer/problems.ts";
import { deploymentProblems } from "./deployment/problems.ts";
import { importProblems } from "./import/problems.ts";
import { jobProblems } from "./job/problems.ts";
import { logProblems } from "./log/problems.ts";
import { planProblems } from "./plan/problems.ts";
import { registryProblems } from "./registry/problems.ts";
import { releaseProblems } from "./release/problems.ts";
import { targetProblems } from "./target/problems.ts";
import { tenantProblems } from "./tenant/problems.ts";
import { tokenProblems } from "./token/problems.ts";
import { variableProblems } from "./variable/problems.ts";

/**
 * Every reason to refuse a request or fail a job (RFC 9457). A code is a contract: its meaning never changes and it is never
 * reused. Titles and hints are safe to show to anyone; the API, CLI, dashboard and docs/errors.md all use these entries.
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
    hint: "Fix the fields named in the detail and send it again.",
  },
  "input.too_large": {
    status: 413,
    title: "The request is too large",
    hint: "Send at most 1 MB; a bundle may be at most 256 KB compressed.",
  },
  "input.media_type": {
    status: 415,
    title: "The body is not sent as JSON",
    hint: "Send the header Content-Type: application/json.",
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
  ...authProblems,
  ...tenantProblems,
  ...tokenProblems,
  ...billingProblems,
  ...targetProblems,
  ...registryProblems,
  ...appProblems,
  ...deployerProblems,
  ...releaseProblems,
  ...variableProblems,
  ...composeProblems,
  ...addonProblems,
  ...deploymentProblems,
  ...logProblems,
  ...planProblems,
  ...jobProblems,
  ...importProblems,
  "version.stale": { status: 409, title: "It was changed meanwhile", hint: "Read it again and repeat the request." },
  "service.busy": {
    status: 503,
    title: "Berth is busy",
    hint: "Try again in a few seconds; with the same Idempotency-Key it is done at most once.",
  },
  internal: {
    status: 500,
    title: "Something failed on our side",
    hint: "Try again. If it fails again, write to SUPPORT with the request id.",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type Code = keyof typeof catalogue;

export interface ProblemDetails {
  /** What happened, to what. Shown to customers: no secrets. */
  readonly detail?: string;
  readonly facts?: Record<string, string | number | boolean | null>;
  /** Replaces the catalogue's commands where the names are known. */
  readonly next?: readonly string[];
  readonly cause?: unknown;
}

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
