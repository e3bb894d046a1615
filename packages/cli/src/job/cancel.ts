import { body, segment } from "@berth/api-client/client.ts";
import { ended } from "@berth/domain/job/status.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";

interface Input {
  readonly job: string;
}

export const examples: Verb<Input>["examples"] = [["berth jobs cancel job_01J...", "stop it; a release that is live stays live"]];

export const parse = ([job = ""]: readonly string[]): Input => ({ job });

export async function run(session: Session, { job: id }: Input): Promise<Exit> {
  const api = await session.api();
  session.names.JOB = id;
  const job = await body(api.v1.jobs[":job"].cancel.$post({ param: { job: segment(id) } }));
  const { paint } = session.terminal;
  show(session, job, () =>
    ended(job)
      ? [`${paint.green("✓")} ${job.id} is canceled`]
      : [`${paint.yellow("·")} ${job.id} is being canceled`, `  See how it ends: berth jobs watch ${job.id}`],
  );
  return exits.done;
}
