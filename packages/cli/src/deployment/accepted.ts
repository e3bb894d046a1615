import type { Client } from "@berth/api-client/client.ts";
import type { App, Job } from "@berth/api-client/types.ts";
import { type Exit, exits } from "../exit.ts";
import { watch } from "../job/watch.ts";
import { note, type Session } from "../session.ts";
import { listed, plural } from "../terminal/text.ts";

/** The release that serves on each target, by id. */
export function liveOf(app: App, environment = "production"): Record<string, number> {
  const found = app.environments.find((each) => each.name === environment);
  return Object.fromEntries((found?.targets ?? []).flatMap(({ id, release }) => (release === null ? [] : [[id, release]])));
}

interface Accepted {
  readonly input: { readonly detach: boolean; readonly verbose: boolean };
  readonly live: Readonly<Record<string, number | undefined>>;
  readonly remarks: readonly string[];
}

/** What follows an accepted deployment: its job is watched, or left to itself. */
export async function accepted(session: Session, api: Client, job: Job, { input, live, remarks }: Accepted): Promise<Exit> {
  const { terminal, json } = session;
  const names = Object.values(job.rollouts).map((rollout) => rollout.name);
  if (json) terminal.out(JSON.stringify({ type: "accepted", notes: remarks, job }));
  if (!input.detach) {
    note(session, `${terminal.errPaint.dim("·")} Release ${job.release} of ${job.app} to ${listed(names)} (${job.id})`);
    return watch(session, api, job, { verbose: input.verbose, live });
  }
  if (!json)
    terminal.out(
      `Release ${job.release} of ${job.app} is on its way to ${plural(names.length, "server")}: ${listed(names)}`,
      `Follow it: berth jobs watch ${job.id}`,
    );
  return exits.done;
}
