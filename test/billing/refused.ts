import { type Code, Problem } from "@berth/domain/error.ts";

/** The problem that some work is refused with; fails where it is not refused, or by something that is no problem. */
export async function refused(work: Promise<unknown>): Promise<{ code: Code; facts: Problem["facts"] }> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof Problem) return { code: outcome.code, facts: outcome.facts };
  throw outcome ?? new Error("it was not refused");
}
