import * as z from "zod";
import { storedAddons } from "../addon/addon.ts";
import { addonsWithout, leaveAddons } from "../addon/remove.ts";
import { App, appKey, type Environment, environmentKey, keepRequests, listEnvironments, projectValues } from "../app/app.ts";
import type { Context } from "../context.ts";
import { succeededRollouts } from "../job/job.ts";
import type { Change } from "../job/kind.ts";
import { get } from "../query.ts";
import { check, overtaken, remove as removeRow, replace, update, type Write } from "../table.ts";
import { targetKey } from "../target/target.ts";
import { redactorOf } from "../variable/redactor.ts";
import { findSet } from "../variable/variable.ts";
import { auditEnd, deactivate, environmentOf, freeSlot } from "./after-job.ts";
import { eraseReleases, erasureOf, promiseErasure } from "./erase.ts";

const Removal = z.object({
  app: z.string(),
  appId: z.string(),
  environment: z.string(),
  input: z.object({ volumes: z.enum(["keep", "delete"]) }),
});
export type Removal = z.infer<typeof Removal>;

/** Removes an app's environment from its targets. */
export const remove: Change<Removal> = {
  changes: "target",
  input: Removal,
  retries: true,

  async run(ctx, job, target) {
    const { volumes } = job.input;
    const left = volumes === "delete" ? await leftVolumes(ctx, job) : [];
    const values = {
      ...projectValues(ctx, job),
      volumes,
      ...(left.length > 0 && { lapsed: left.map((volume) => `${volume}\n`).join("") }),
    };
    const name = job.rollouts[target]?.name ?? target;
    return { op: "remove", files: [], values, redact: await redactorOf(ctx, { ...job, target, name }) };
  },

  /** The environment is removed once it is gone from every target, and the app with its last environment. */
  async finish(ctx, job) {
    const environment = await environmentOf(ctx, job);
    const gone = new Set(succeededRollouts(job).map(({ target }) => target));
    const placement = environment.placement.filter((target) => !gone.has(target));
    const live = Object.fromEntries(Object.entries(environment.live).filter(([target]) => !gone.has(target)));
    const writes: Write[] = [...gone].map((target) => leave(ctx, target, `${job.app}/${job.environment}`));
    if (placement.length === 0) writes.push(...(await removeEnvironment(ctx, environment, job.input.volumes)));
    else {
      const next = { ...environment, placement, live, version: environment.version + 1 };
      writes.push(replace(ctx, environmentKey(ctx, environment.app, environment.name), next, environment.version));
      if (Object.keys(live).length === 0) writes.push(...(await deactivate(ctx, environment)));
    }
    return [...writes, auditEnd(ctx, job, "app.remove")];
  },

  /** Secrets are to be erased by the time the removal has ended. If this fails, the sweep erases them. */
  afterEnd: (ctx, job) => eraseReleases(ctx, erasureOf({ app: job.appId, environment: job.environment })),
};

/** What upgrades of add-ons have left. */
async function leftVolumes(ctx: Context, job: Removal): Promise<string[]> {
  const found = await get(ctx, appKey(ctx, job.app));
  if (!found || !App.parse(found).addons?.includes(job.environment)) return [];
  return (await storedAddons(ctx, job)).flatMap(({ aside = [] }) => aside.map(({ volume }) => volume));
}

const leave = (ctx: Context, target: string, subject: string): Write =>
  update(ctx, targetKey(ctx, target), {
    change: "DELETE apps :app",
    condition: "attribute_exists(pk)",
    values: { ":app": new Set([subject]) },
  });

/** The app is removed with its last environment. If two environments end or are accepted at once, the versions let one see what the other left. */
async function removeEnvironment(ctx: Context, environment: Environment, volumes: "keep" | "delete"): Promise<Write[]> {
  const seen = ({ version }: { version: number }) => ({ condition: "version = :seen", values: { ":seen": version } });
  const found = await get(ctx, appKey(ctx, environment.app));
  // Another worker has just ended this very job.
  if (!found) return [check(ctx, appKey(ctx, environment.app), { condition: "attribute_exists(pk)" }, overtaken)];
  const app = App.parse(found);
  const others = (await listEnvironments(ctx, environment.app)).filter(({ name }) => name !== environment.name);
  const active = app.active.filter((name) => name !== environment.name);
  const at = appKey(ctx, app.name);
  return [
    removeRow(ctx, environmentKey(ctx, environment.app, environment.name), seen(environment), overtaken),
    ...keepRequests(ctx, environment),
    ...promiseErasure(ctx, app, {
      environment: environment.name,
      upTo: environment.releases,
      variables: (await findSet(ctx, app, environment.name)).version,
      last: others.length === 0,
    }),
    ...(await leaveAddons(ctx, app, environment.name, volumes)),
    others.length > 0
      ? replace(ctx, at, { ...app, active, ...leftOf(app, environment.name), version: app.version + 1 }, app.version)
      : removeRow(ctx, at, seen(app), overtaken),
    ...freeSlot(ctx, app, active),
  ];
}

/** What the app says of its environments, without the one that is removed. */
export const leftOf = (app: App, environment: string): Pick<App, "variables" | "addons"> => ({
  ...(app.variables && { variables: app.variables.filter((name) => name !== environment) }),
  ...addonsWithout(app, environment),
});
