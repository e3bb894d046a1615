import { leaveAddons } from "../addon/remove.ts";
import { appKey, environmentKey, getAppIn, keepRequests, listEnvironments, PRODUCTION } from "../app/app.ts";
import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { dispatch, enqueue, type Job, newJob } from "../job/job.ts";
import { overtaken, remove, replace, tryCommit } from "../table.ts";
import { targetNames } from "../target/target.ts";
import { retryOnConflict } from "../turn.ts";
import { findSet } from "../variable/variable.ts";
import { assertNotBusy } from "./admission.ts";
import { promiseErasure } from "./erase.ts";
import { leftOf, type Removal } from "./remove.kind.ts";

/** Removes an environment from its targets, and the app with its last environment. Without a placement it is removed at once and there is no job. */
export async function removeApp(
  ctx: Context,
  input: { app: string; environment?: string | undefined; volumes: "keep" | "delete" },
): Promise<Job | undefined> {
  allow(ctx, "admin", { app: input.app });
  return retryOnConflict(ctx, () => takeOff(ctx, input));
}

async function takeOff(ctx: Context, input: Parameters<typeof removeApp>[1]): Promise<Job | undefined | false> {
  const name = input.environment ?? PRODUCTION;
  const { app, environment, account } = await getAppIn(ctx, input.app, name);
  const deploys = await assertNotBusy(ctx, environment, account);
  if (environment.placement.length === 0) {
    const others = (await listEnvironments(ctx, app.name)).filter((each) => each.name !== name);
    if (environment.version === 0 && (others.length > 0 || name !== PRODUCTION))
      throw new Problem("app.not_found", { detail: `"${app.name}" has no environment "${name}".` });
    const { version: variables } = await findSet(ctx, app, name);
    const seen = { condition: "version = :seen", values: { ":seen": environment.version } };
    const removed = await tryCommit(
      ctx,
      entitled(ctx, "grow"),
      others.length === 0
        ? remove(ctx, appKey(ctx, app.name), { condition: "version = :seen", values: { ":seen": app.version } }, overtaken)
        : variables > 0
          ? replace(ctx, appKey(ctx, app.name), { ...app, ...leftOf(app, name), version: app.version + 1 }, app.version)
          : undefined,
      environment.version > 0 ? remove(ctx, environmentKey(ctx, app.name, name), seen, overtaken) : undefined,
      ...keepRequests(ctx, environment),
      ...promiseErasure(ctx, app, {
        environment: name,
        upTo: environment.releases,
        variables,
        last: others.length === 0,
      }),
      ...(await leaveAddons(ctx, app, name, input.volumes)),
      audit(ctx, "app.remove", `${app.name}/${name}`),
    );
    return removed ? undefined : false;
  }
  const targets = await targetNames(ctx, environment.placement);
  const own: Removal = { app: app.name, appId: app.id, environment: name, input: { volumes: input.volumes } };
  const job = newJob(ctx, "app.remove", targets, own);
  const accepted = await tryCommit(
    ctx,
    entitled(ctx, "grow", { deploys: { seen: account.deploys, set: [...deploys, job.id] } }),
    replace(
      ctx,
      environmentKey(ctx, app.name, name),
      { ...environment, job: job.id, version: environment.version + 1 },
      environment.version,
    ),
    enqueue(ctx, job),
    audit(ctx, "app.remove", `${app.name}/${name}`, { detail: `${job.id}, volumes: ${input.volumes}` }),
  );
  if (!accepted) return false;
  await dispatch(ctx, job);
  return job;
}
