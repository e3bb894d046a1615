import type { Code } from "@berth/domain/error.ts";
import { hc } from "hono/client";
import type { Api } from "../../../functions/api/app.ts";
import type { ProblemBody } from "../../../functions/api/problem.ts";
import { heardStanding } from "./billing/standing.ts";

/** The API of our own origin, typed by its routes. The cookie and the Origin header go along by themselves. */
export const api = hc<Api>("/", { fetch: send }).v1;

/** A request that was refused, with everything the refusal says. `offline` is ours: no answer came at all. */
export class Refused extends Error {
  readonly code: Code | "offline";
  readonly problem: Partial<ProblemBody>;
  constructor(code: Code | "offline", problem: Partial<ProblemBody>) {
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
  heardStanding(answer.headers.get("berth-entitlement"));
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

async function refusalOf(answer: Response): Promise<Refused> {
  const type = answer.headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json"))
    return new Refused("internal", {
      title: "Something failed on our side",
      detail: `The answer was ${answer.status} without an explanation.`,
      hint: "Try again in a minute.",
    });
  const problem = (await answer.json()) as ProblemBody;
  return new Refused(problem.code as Code, problem);
}

interface Answer<T> {
  json(): Promise<T>;
}

/** The body of an answer. @throws Refused when there is none to have */
export async function read<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await answer).json();
}

/** A list to its end, page after page. For lists that have a ceiling of their own. */
export async function readAll<T>(
  page: (cursor: string | undefined) => Promise<Answer<{ readonly items: readonly T[]; readonly next: string | null }>>,
): Promise<{ items: T[] }> {
  const items: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items: more, next } = await read(page(cursor));
    items.push(...more);
    if (next === null) return { items };
    cursor = next;
  }
}

export const refusedAs = (error: unknown, ...codes: readonly (Code | "offline")[]): error is Refused =>
  error instanceof Refused && codes.includes(error.code);
