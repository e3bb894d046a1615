import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Event, Job } from "@berth/api-client/types.ts";
import { wordsOf } from "@berth/domain/job/words.ts";
import type { Flags, Verb } from "../command.ts";
import { isSet } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import type { Session } from "../session.ts";
import { progressOn } from "../terminal/progress.ts";
import { follow } from "./follow.ts";
import { interrupts } from "./interrupt.ts";
import { failure, isUnchanged, nextOf, success } from "./outcome.ts";
import { placeLines, placesOf } from "./places.ts";
import { reporter } from "./report.ts";

interface Input {
  readonly job: string;
  readonly verbose: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth jobs watch job_01J...", "see what it did, and follow it to its end"],
  ["berth jobs watch job_01J... --verbose", "with everything the server said"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("-v, --verbose", "show everything the server says");

export const parse = ([job = ""]: readonly string[], flags: Flags): Input => ({ job, verbose: isSet(flags, "verbose") });

export async function run(session: Session, { job: id, verbose }: Input): Promise<Exit> {
  const api = await session.api();
  session.names.JOB = id;
  const job = await body(api.v1.jobs[":job"].$get({ param: { job: segment(id) } }));
  return watch(session, api, job, { verbose });
}

export interface Watching {
  readonly verbose?: boolean;
  /** What served on each target before, where the caller knows. */
  readonly live?: Readonly<Record<string, number | undefined>>;
}

/** Follows a job to its end and tells how it came out. Ctrl-C lets go of it, or cancels it, as the person at the terminal likes. */
export async function watch(session: Session, api: Client, job: Job, watching: Watching = {}): Promise<Exit> {
  const { terminal, json } = session;
  const progress = progressOn(terminal);
  const { live, paint } = terminal;
  const report = reporter(job, { live, verbose: watching.verbose ?? false, paint, progress, now: () => Date.now() });
  const tell = json ? (event: Event) => terminal.out(JSON.stringify(event)) : report.event;
  let last = job;
  let after: string | undefined;
  const interrupt = interrupts();
  try {
    for (let detached = false; !detached; ) {
      session.retrying = (why) => progress.doing(() => `Berth cannot be reached (${why}); trying again`);
      let told = false;
      const onLost = (why: string) => {
        progress.doing(() => `${why} The job goes on; trying again`);
        // Where no line can be redrawn it is said once.
        if (!terminal.live && !told) terminal.err(`${why} The job goes on; trying again ...`);
        told = true;
      };
      const onFound = () => {
        if (!terminal.live) terminal.err("Berth answers again.");
        told = false;
      };
      for await (const page of follow(api, job.id, { signal: interrupt.signal(), after, onLost, onFound })) {
        for (const event of page.items) tell(event);
        if (!json) report.job(page.job);
        last = page.job;
        after = page.next;
        if (page.done) {
          progress.end();
          return await finish(session, api, last, watching);
        }
      }
      progress.doing(undefined);
      detached = await interrupt.decide(session, api, last);
    }
    if (json)
      terminal.out(JSON.stringify({ type: "detached", exit: exits.canceled, next: [`berth jobs watch ${job.id}`], job: last }));
    return exits.canceled;
  } finally {
    progress.end();
    interrupt.end();
    session.retrying = undefined;
  }
}

async function finish(session: Session, api: Client, job: Job, { live }: Watching): Promise<Exit> {
  const { terminal, json } = session;
  const exit = job.status === "succeeded" ? exits.done : job.status === "canceled" ? exits.canceled : exits.failed;
  if (json) {
    const next = exit === exits.failed ? nextOf(job) : [];
    const found = await placesOf(session, api, job);
    const unchanged = wordsOf(job.kind).releases ? { unchanged: isUnchanged(job) } : {};
    terminal.out(JSON.stringify({ type: "result", status: job.status, exit, next, ...unchanged, ...found, job }));
  } else if (exit === exits.done)
    terminal.out(...success(job, terminal.paint), ...placeLines(await placesOf(session, api, job), terminal.paint));
  else {
    terminal.err(...failure(job, { paint: terminal.errPaint, width: terminal.errWidth }, live));
    if (exit === exits.failed)
      terminal.err("", terminal.errPaint.dim("Try:"), ...nextOf(job).map((line) => `  ${terminal.errPaint.cyan(line)}`));
  }
  return exit;
}

/** Waits for a job without telling its steps: one line of progress. */
export async function settle(session: Session, api: Client, job: Job, doing: string): Promise<Job> {
  const progress = progressOn(session.terminal);
  const began = Date.now();
  const { duration } = await import("@berth/domain/duration.ts");
  progress.doing(() => `${doing} ${duration(Date.now() - began)}`);
  try {
    let last = job;
    for await (const page of follow(api, job.id)) last = page.job;
    return last;
  } finally {
    progress.end();
  }
}
