import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Job } from "@berth/api-client/types.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import { exits } from "../exit.ts";
import { Refused } from "../refusal.ts";
import type { Session } from "../session.ts";
import { choose } from "../terminal/ask.ts";

/**
 * Ctrl-C while a job is watched. The first one is a question, since the job does not need us: let go of it, cancel it, or go on. The
 * second one ends this program at once.
 */
export function interrupts() {
  let abort = new AbortController();
  let count = 0;
  const onSignal = () => {
    count++;
    if (count > 1) process.exit(exits.killed);
    abort.abort();
  };
  process.on("SIGINT", onSignal);
  return {
    /** Aborts at the next Ctrl-C. */
    signal: () => abort.signal,
    /** What now? True when this program lets go of the job. */
    async decide(session: Session, api: Client, job: Job): Promise<boolean> {
      const wish = session.terminal.interactive ? await ask(job) : "detach";
      if (wish === "detach") {
        session.terminal.err(
          `Detached. The job goes on: berth jobs watch ${job.id}`,
          `To cancel it: berth jobs cancel ${job.id}`,
        );
        return true;
      }
      if (wish === "cancel") await cancel(session, api, job);
      count = 0;
      abort = new AbortController();
      return false;
    },
    end: () => void process.off("SIGINT", onSignal),
  };
}

async function ask(job: Job): Promise<string> {
  try {
    return await choose("The job goes on without this program. What now?", [
      { value: "detach", label: "Let it go on", hint: `berth jobs watch ${job.id}` },
      {
        value: "cancel",
        label: "Cancel it",
        hint: wordsOf(job.kind).canceling.hint,
      },
      { value: "watch", label: "Keep watching" },
    ]);
  } catch (error) {
    if (error instanceof Refused) process.exit(exits.killed);
    throw error;
  }
}

async function cancel(session: Session, api: Client, job: Job): Promise<void> {
  try {
    await body(api.v1.jobs[":job"].cancel.$post({ param: { job: segment(job.id) } }));
    session.terminal.err("Canceling.");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // It ended before we could: its outcome is told as that of any other.
    if (error.problem.code === "job.ended") return;
    session.terminal.err(`It may go on: ${error.problem.title}. To cancel it: berth jobs cancel ${job.id}`);
  }
}
