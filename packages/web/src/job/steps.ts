import type { Event, Rollout } from "@berth/api-client/types.ts";
import { ended } from "@berth/domain/job/status.ts";

/** A step of a run on one target, as its events tell of it. Times are epoch milliseconds of the server's own clock. */
export interface Step {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly state: "done" | "running" | "failed";
  /** What was said last of the step that is running. */
  readonly doing?: string;
}

interface Around {
  readonly status: Rollout["status"];
  readonly failedStep?: string | undefined;
}

/** What each step is called on the page. One that is not here is shown by its own name. */
export const stepWords: Record<string, string> = {
  plan: "Plan",
  preflight: "Preflight",
  build: "Build images",
  pull: "Pull images",
  start: "Start",
  verify: "Verify",
  record: "Record",
  prune: "Prune",
  remove: "Remove",
  restore: "Restore the previous release",
  prepare: "Look at the server",
  install: "Install Docker",
  logins: "Logins by password",
};

/**
 * The steps of a target's run in order, each from its own event to the next one's. A run that was tried again begins anew, so only what
 * follows the last step that can be a run's first counts.
 */
export function stepsOf(events: readonly Event[], { status, failedStep }: Around): Step[] {
  const begun = lastBegun(events);
  const run = begun < 0 ? events : events.slice(begun);
  const marks = run.filter(({ type, step }) => type === "step" && step !== undefined);
  const last = run.at(-1);
  const over = ended({ status });
  return marks.map((mark, i) => {
    const next = marks[i + 1];
    const end = next ?? (over ? last : undefined);
    const name = mark.step ?? "";
    const doing = next || over ? undefined : run.findLast(({ type, step, text }) => type !== "step" && step === name && text);
    const failed = (over || status === "retrying") && status !== "succeeded" && (failedStep ? name === failedStep : !next);
    return {
      name,
      startedAt: Date.parse(mark.at),
      ...(end && { endedAt: Date.parse(end.at) }),
      state: failed ? "failed" : next || over ? "done" : "running",
      ...(doing?.text && { doing: bare(doing.text) }),
    };
  });
}

/** A line of a build without the number of the part of it, and the seconds, that it begins with. */
const bare = (text: string) => text.replace(/^#\d+ (\d+\.\d+ )?/, "");

/** A run is planned before its preflight; one of before that was so has no such step. */
function lastBegun(events: readonly Event[]): number {
  const at = (name: string) => events.findLastIndex(({ type, step }) => type === "step" && step === name);
  const [planned, preflight] = [at("plan"), at("preflight")];
  const between = events.slice(planned + 1, preflight).some(({ type }) => type === "step");
  return planned < 0 || between ? preflight : planned;
}
