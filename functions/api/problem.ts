import { type CatalogueEntry, catalogue, Problem } from "@berth/domain/error.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { isThrottlingError, isTransientError } from "@smithy/core/retry";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Env } from "./request.ts";

/** RFC 9457. */
export interface ProblemBody {
  readonly type: string;
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly hint?: string;
  readonly next: readonly string[];
  readonly request: string;
  readonly [fact: string]: unknown;
}

const BUSY_SECONDS = 2;

/** An unexpected error is logged with its cause and shown as `internal` without it. */
export function answerProblem(c: Context<Env>, error: unknown): Response {
  const problem = toProblem(error);
  const entry: CatalogueEntry = catalogue[problem.code];
  if (entry.status >= 500)
    c.var.world.log("error", "request failed", { request: c.var.request, path: c.req.path, error: problem.cause });
  const body: ProblemBody = {
    ...problem.facts,
    type: `${c.var.world.origin}/errors#${problem.code}`,
    code: problem.code,
    title: entry.title,
    status: entry.status,
    ...(problem.detail && { detail: problem.detail }),
    ...(entry.hint && { hint: entry.hint.replace("SUPPORT", c.var.world.support) }),
    next: problem.next,
    request: c.var.request,
  };
  const retryAfter = problem.facts.retryAfter ?? (problem.code === "service.busy" ? BUSY_SECONDS : undefined);
  if (retryAfter !== undefined) c.header("retry-after", String(retryAfter));
  if (entry.status === 401) c.header("www-authenticate", "Bearer");
  return c.body(JSON.stringify(body), entry.status as ContentfulStatusCode, { "content-type": "application/problem+json" });
}

type SdkError = Parameters<typeof isTransientError>[0];
/** The last: a row that a transaction of somebody else is just writing, which the SDK does not try again. */
const isPassing = (error: unknown) =>
  error instanceof Error &&
  (isThrottlingError(error as SdkError) || isTransientError(error as SdkError) || error.name === "TransactionConflictException");

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RemoteError && error.class.startsWith("address."))
    return new Problem("target.address", { detail: error.message });
  // The table or a queue is throttled or unreachable, after the SDK's own retries.
  if (isPassing(error)) return new Problem("service.busy", { cause: error });
  return new Problem("internal", { cause: error });
}
