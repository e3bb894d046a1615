import { body, segment } from "@berth/api-client/client.ts";
import type { DeploymentPlan } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { placeLines, placesOf } from "../job/places.ts";
import { settle } from "../job/watch.ts";
import { note, type Session, show } from "../session.ts";
import { type FolderInput, folderOptions, parseFolder, readFolder } from "./folder.ts";
import { deploymentPlanLines } from "./plan-view.ts";

export const examples: Verb<FolderInput>["examples"] = [
  ["berth plan", "what `berth deploy` would do with the app in this folder, and why"],
  ["berth plan --target web1", "on one more server"],
  ["berth plan --profile debug", "with the services that have this profile"],
  ["berth plan --json", "for programs"],
];

export const options = folderOptions;

export const parse = (_: readonly string[], flags: Flags): FolderInput => parseFolder(flags);

/** Exit code 1 where a server could not be asked. */
export async function run(session: Session, input: FolderInput): Promise<Exit> {
  const { app, asked: json, archives, profiles } = await readFolder(session, input);
  await archives.remove(); // a plan names them; only a deployment sends them
  note(session, ...profiles);
  const api = await session.api();
  session.names.APP = app;
  const asked = await body(api.v1.apps[":app"].plans.$post({ param: { app: segment(app) }, json }, once()));
  const job = await body(api.v1.jobs[":job"].$get({ param: { job: segment(asked.job) } }));
  await settle(session, api, job, `planning ${app}`);
  const plan: DeploymentPlan = await body(
    api.v1.apps[":app"].plans[":plan"].$get({ param: { app: segment(app), plan: segment(asked.id) } }),
  );
  const places = await placesOf(session, api, job);
  show(session, plan, () => [...deploymentPlanLines(plan, session.terminal), ...placeLines(places, session.terminal.paint)]);
  return plan.hash === null ? exits.failed : exits.done;
}
