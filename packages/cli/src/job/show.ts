import { body, segment } from "@berth/api-client/client.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { jobLines } from "./view.ts";

interface Input {
  readonly job: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth jobs show job_01J...", "its state on every server, and why it failed"],
  ["berth jobs show job_01J... --json", "all that is known of it"],
];

export const parse = ([job = ""]: readonly string[]): Input => ({ job });

export async function run(session: Session, { job: id }: Input): Promise<Exit> {
  const api = await session.api();
  session.names.JOB = id;
  const job = await body(api.v1.jobs[":job"].$get({ param: { job: segment(id) } }));
  show(session, job, () => jobLines(job, { ...session.terminal, now: session.now() }));
  return exits.done;
}
