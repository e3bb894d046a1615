import type { ProblemBody } from "../../../functions/api/problem.ts";

/** A refusal as the service sends it (RFC 9457), or one of a client's own in the same form. */
export interface Problem extends Partial<ProblemBody> {
  readonly code: string;
  readonly title: string;
}

/** What an answer that is not a success says; undefined when it is not the service's own but that of something in between. */
export async function problemOf(answer: Response): Promise<Problem | undefined> {
  if (!answer.headers.get("content-type")?.includes("application/problem+json")) return undefined;
  const problem = (await answer.json()) as Problem;
  return { ...problem, code: String(problem.code), title: String(problem.title) };
}
