import type * as z from "zod";
import type { Context } from "../context.ts";
import type { Account } from "../entitlement/account.ts";
import type { Reach, Server } from "../remote/reach.ts";
import type { Exit, RunInput } from "../remote/remote.ts";
import type { Redact } from "../secret/redact.ts";
import type { Write } from "../table.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";

export type JobOf<Input> = Job & Input;

/**
 * A kind of job is a value beside its noun, listed in engine/kinds.ts. The engine asks it for what kinds do not share; nothing else asks
 * for a job's kind.
 */
interface Common<Input> {
  /** The fields of a job that this kind uses. */
  readonly input: z.ZodType<Input>;
  readonly retries: boolean;
  /** Written in the commit that ends the job. */
  finish(ctx: Context, job: JobOf<Input>): Promise<Write[]>;
  /** Runs after that commit and may be lost: something else must guarantee its effect. */
  afterEnd?(ctx: Context, job: JobOf<Input>): Promise<void>;
}

/** Changes a server by a run: holds the target's lease, waits its turn, and is limited by the pricing plan. */
export interface Change<Input = object> extends Common<Input> {
  readonly changes: "target";
  run(ctx: Context, job: JobOf<Input>, target: string, account: Account, reach: Reach): Promise<Run>;
  /** The target whose part of the job has to succeed before any other begins. */
  first?(job: JobOf<Input>): string | undefined;
  /** Written with the outcome on a target. */
  record?(ctx: Context, job: JobOf<Input>, target: string, exit: Exit): Write[];
}

export type Run = Pick<RunInput, "op" | "files" | "values" | "logins" | "archives" | "carried" | "decide"> & {
  readonly redact: Redact;
};

/** Only reads a server, at any time and whatever else runs there. */
export interface Read<Input = object> extends Common<Input> {
  readonly changes: "nothing";
  /** A RemoteError that it throws becomes the rollout's failure. */
  read(ctx: Context, job: JobOf<Input>, server: Server, reach: Reach): Promise<Outcome>;
}

export type Kind<Input = object> = Change<Input> | Read<Input>;

export const jobOf = <Input extends object>(kind: Kind<Input>, job: Job): JobOf<Input> => ({ ...job, ...kind.input.parse(job) });
