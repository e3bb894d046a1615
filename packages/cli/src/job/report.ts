import type { Event, Job, Rollout } from "@berth/api-client/types.ts";
import { duration } from "@berth/domain/duration.ts";
import { ended } from "@berth/domain/job/status.ts";
import type { Paint } from "../terminal/paint.ts";
import type { Progress } from "../terminal/progress.ts";
import { clean, pad } from "../terminal/text.ts";
import { clockTime } from "../terminal/time.ts";

interface Underway {
  step: string;
  /** When the step began, by the server's clock and by ours. */
  at: string;
  seen: number;
  /** The server's clock at the last thing it said. */
  last: string;
  text: string;
}

export interface Reporting {
  /** A terminal: a line when a step is done. Otherwise a line when it begins, so that a log shows what goes on. */
  readonly live: boolean;
  readonly verbose: boolean;
  readonly paint: Paint;
  readonly progress: Progress;
  readonly now: () => number;
}

/** The step in which a run puts back what it changed, because the one before it failed. */
const RESTORE = "restore";
const STEP_WIDTH = "preflight".length;

/** Tells a job's events as lines: one for each step of each target, with timings. */
export function reporter(job: Job, { live, verbose, paint, progress, now }: Reporting) {
  const targets = new Map<string, Underway>();
  const begun = new Map<string, string>();
  const told = new Map<string, string>();
  const longest = Math.max(0, ...Object.values(job.rollouts).map(({ name }) => name.length));
  const nameOf = (name: string) => paint.bold(pad(clean(name), longest));

  function endStep(target: string, name: string, at: string, mark: string): void {
    const step = targets.get(target);
    if (!step) return;
    targets.delete(target);
    const took = duration(new Date(at).getTime() - new Date(step.at).getTime());
    if (live) progress.say(`${mark} ${nameOf(name)}  ${pad(step.step, STEP_WIDTH)}  ${paint.dim(took)}`);
  }

  function line(event: Event, text: string): void {
    const since = new Date(event.at).getTime() - new Date(begun.get(event.target) ?? event.at).getTime();
    const step = event.step ?? targets.get(event.target)?.step ?? "";
    const words = [nameOf(event.name), pad(step, STEP_WIDTH), text].filter((word) => word !== "").join("  ");
    progress.say(live ? `  ${words}`.trimEnd() : `${duration(since).padStart(8)}  ${words}`.trimEnd());
  }

  function doing(): string {
    return [...targets]
      .map(([target, { step, seen, text }]) => {
        const name = Object.values(job.rollouts).find((rollout) => rollout.target === target)?.name ?? target;
        return `${clean(name)} ${step} ${duration(now() - seen)}${text ? ` · ${text}` : ""}`;
      })
      .join("   ");
  }

  return {
    event(event: Event): void {
      if (!begun.has(event.target)) begun.set(event.target, event.at);
      const text = clean([event.service, event.text].filter(Boolean).join(": "));
      if (event.type === "step") {
        endStep(event.target, event.name, event.at, event.step === RESTORE ? paint.red("✗") : paint.green("✓"));
        const step = clean(event.step ?? "");
        targets.set(event.target, { step, at: event.at, seen: now(), last: event.at, text: "" });
        if (!live) line(event, "");
      } else {
        const step = targets.get(event.target);
        if (step) Object.assign(step, { last: event.at, text: step.step === "build" ? bare(text) : text });
        if (verbose || event.type === "plan" || event.type === "note" || (!live && event.type !== "log")) line(event, text);
      }
      progress.doing(doing);
    },
    /** What the service says of each target beside the events: that it waits, is tried again, or has ended. */
    job(next: Job): void {
      for (const rollout of Object.values(next.rollouts)) {
        const news = remark(rollout);
        if (news !== undefined && told.get(rollout.target) !== news) {
          told.set(rollout.target, news);
          progress.say(`${paint.yellow("·")} ${nameOf(rollout.name)}  ${news}`);
        }
        if (!ended(rollout)) continue;
        const back = targets.get(rollout.target)?.step === RESTORE && rollout.failure?.rolledBack;
        const mark = rollout.status === "succeeded" ? paint.green("✓") : back ? paint.yellow("↺") : paint.red("✗");
        endStep(rollout.target, rollout.name, targets.get(rollout.target)?.last ?? "", mark);
      }
      progress.doing(targets.size > 0 ? doing : () => waiting(next));
    },
  };
}

/** A line of a build without the number of the part of it, and the seconds, that it begins with. */
const bare = (text: string) => text.replace(/^#\d+ (\d+\.\d+ )?/, "");

function remark({ status, waitsFor, nextAt, failure }: Rollout): string | undefined {
  if (status === "waiting" && waitsFor) return `waits for ${clean(waitsFor)}`;
  if (status === "retrying" && failure)
    return `${clean(failure.message)}; tried again by itself${nextAt ? ` at ${clockTime(nextAt)}` : ""}`;
  return undefined;
}

const waiting = (job: Job) => (job.status === "queued" ? "accepted, waiting for a worker" : "waiting for the server");
