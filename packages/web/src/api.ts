import { clientOf } from "@berth/api-client/client.ts";
import { type Problem, problemOf } from "@berth/api-client/problem.ts";
import { passes } from "@berth/api-client/retry.ts";
import type { Code } from "@berth/domain/error.ts";
import { heardEntitlement } from "./billing/entitlement.ts";

/** The API of our own origin, typed by its routes. The cookie and the Origin header go along by themselves. */
export const api = clientOf("/", send).v1;

/** A request that was refused, with everything the refusal says. `offline` is ours: no answer came at all. */
export class Refused extends Error {
  readonly code: Code | "offline";
  readonly problem: Partial<Problem>;
  constructor(code: Code | "offline", problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? code);
    this.code = code;
    this.problem = problem;
  }
}

async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const answer = await fetch(input, init).catch((cause: unknown) => {
    if (init?.signal?.aborted) throw cause;
    throw new Refused("offline", {
      title: "Berth cannot be reached",
      hint: "Check your connection, then try again. Nothing was changed unless you see it changed.",
    });
  });
  heardEntitlement(answer.headers.get("berth-entitlement"));
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

async function refusalOf(answer: Response): Promise<Refused> {
  const problem = await problemOf(answer);
  if (problem) return new Refused(problem.code as Code, problem);
  return new Refused("internal", {
    title: "Something failed on our side",
    detail: `The answer was ${answer.status} without an explanation.`,
    hint: "Try again in a minute.",
  });
}

/** Whether the same may go well at the next try: nothing answered, or the service had trouble of its own. */
export const mayPass = (error: unknown): boolean =>
  error instanceof Refused && (error.code === "offline" || error.code === "internal" || passes(error.problem));

export const refusedAs = (error: unknown, ...codes: readonly (Code | "offline")[]): error is Refused =>
  error instanceof Refused && codes.includes(error.code);
