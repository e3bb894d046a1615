import type * as z from "zod";
import type { Context } from "../context.ts";
import type { Reach, Server } from "../remote/reach.ts";
import type { Exit, RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import type { Write } from "../table.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

/** A job of which the fields of its own kind are known to be there. */
export type JobOf<Input> = Job & Input;

/**
 * A kind of job: a value beside its noun, in the list of engine/kinds.ts. The engine does everything that all kinds have in common and asks the
 * kind for the rest; nothing else asks which kind a job is of.
 */
interface Common<Input> {
  /** Which of a job's fields this kind has, and what may be in them. */
  readonly input: z.ZodType<Input>;
  /** Whether it is tried again after what may pass by itself. */
  readonly retries: boolean;
  /** What its end means beside its own row; part of the commit that ends it. */
  finish(ctx: Context, job: JobOf<Input>): Promise<Write[]>;
  /** What is done once that is committed. It may be lost: something else is the guarantee. */
  afterEnd?(ctx: Context, job: JobOf<Input>): Promise<void>;
}

/** Changes a server by a run on it: holds the target meanwhile, waits its turn and is limited by the pricing plan. */
export interface Change<Input = object> extends Common<Input> {
  readonly changes: "target";
  /** What to run on a target, and what of the server's answers must not be told. */
  run(ctx: Context, job: JobOf<Input>, target: string): Promise<Run>;
  /** Written together with how the run on a target came out. */
  record?(ctx: Context, job: JobOf<Input>, target: string, exit: Exit): Write[];
}

export type Run = Pick<RunInput, "op" | "files" | "plan"> & { readonly redact: Redact };

/** Only reads a server: at any time, and whatever else is done there. */
export interface Look<Input = object> extends Common<Input> {
  readonly changes: "nothing";
  read(ctx: Context, job: JobOf<Input>, server: Server, reach: Reach): Promise<Outcome>;
}

export type Kind<Input = object> = Change<Input> | Look<Input>;

/** The job with its kind's fields as the kind's schema reads them. */
export const jobOf = <Input extends object>(kind: Kind<Input>, job: Job): JobOf<Input> => ({ ...job, ...kind.input.parse(job) });
