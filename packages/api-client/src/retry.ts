import type { Problem } from "./problem.ts";

/** Whether a refusal is the service's own trouble or a limit, which may be over at the next try. */
export const passes = ({ status = 0 }: Pick<Problem, "status">): boolean => status >= 500 || status === 429;

/** Waits, or until the signal aborts. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
