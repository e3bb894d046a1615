import { body, segment } from "@berth/api-client/client.ts";
import type { DeploymentPlan } from "@berth/api-client/types.ts";
import type { Images } from "@berth/domain/compose/compose.ts";
import { once } from "../api/once.ts";
import { checkName } from "../app/name.ts";
import { collect, type Flags, listOf, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { settle } from "../job/watch.ts";
import { type Session, show } from "../session.ts";
import { bodyOf } from "./body.ts";
import { appName } from "./deploy.ts";
import { parseImages } from "./images.ts";
import { deploymentPlanLines } from "./plan-view.ts";

interface Input {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly files: readonly string[];
  readonly images: Images;
  readonly targets: readonly string[];
}

export const examples: Verb<Input>["examples"] = [
  ["berth plan", "what `berth deploy` would do with the app in this folder, and why"],
  ["berth plan --target web1", "on one more server"],
  ["berth plan --json", "for programs"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app (default: berth.yaml, else the folder's name)")
    .option("-t, --target <name>", "a server to run on, besides those it runs on; may be repeated", collect)
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-f, --file <path>", "a Compose file; may be repeated (default: as Compose finds them)", collect)
    .option("--image <service=image>", "run this image, whatever the Compose file says; may be repeated", collect);

export const parse = (_: readonly string[], flags: Flags): Input => ({
  app: textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  files: listOf(flags, "file"),
  images: parseImages(listOf(flags, "image")),
  targets: listOf(flags, "target"),
});

/** Exit code 1 where a server could not be asked. */
export async function run(session: Session, input: Input): Promise<Exit> {
  const [{ findProject }, { makeBundle }] = await Promise.all([import("../compose/project.ts"), import("../compose/bundle.ts")]);
  const project = await findProject(session.folder, input.files, session.env);
  const { settings } = project;
  const app = appName(input.app ?? settings.app, project.folder);
  const environment = input.environment ?? settings.environment;
  if (environment !== undefined) checkName(environment, "an environment's name");
  const { bundle } = await makeBundle(project, session.env, input.images);
  const api = await session.api();
  session.names.APP = app;
  const targets = input.targets.length > 0 ? input.targets : (settings.targets ?? []);
  const json = {
    bundle: bodyOf(bundle),
    ...(environment !== undefined && { environment }),
    ...(Object.keys(input.images).length > 0 && { images: { ...input.images } }),
    ...(targets.length > 0 && { targets: [...targets] }),
  };
  const asked = await body(api.v1.apps[":app"].plans.$post({ param: { app: segment(app) }, json }, once()));
  const job = await body(api.v1.jobs[":job"].$get({ param: { job: segment(asked.job) } }));
  await settle(session, api, job, `planning ${app}`);
  const plan: DeploymentPlan = await body(
    api.v1.apps[":app"].plans[":plan"].$get({ param: { app: segment(app), plan: segment(asked.id) } }),
  );
  show(session, plan, () => deploymentPlanLines(plan, session.terminal));
  return plan.hash === null ? exits.failed : exits.done;
}
