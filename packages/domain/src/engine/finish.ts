import { App, appKey, Environment, environmentKey, keepRequests, listEnvironments, newEnvironment } from "../app/app.ts";
import { promiseErasure } from "../app/erasure.ts";
import { audit } from "../audit/audit.ts";
import type { Context } from "../context.ts";
import { accountKey, getAccount, giveBack } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { goingOn, type Job, mutates, type Rollout, ring } from "../job/job.ts";
import { planOf } from "../plan/plan.ts";
import { get, remove, replace, update, type Write } from "../table.ts";
import { StoredTarget, type Target, targetKey } from "../target/target.ts";

/** Everything the end of a job means beside its own row; part of the commit that ends it. */
export async function finish(ctx: Context, job: Job): Promise<Write[]> {
  switch (job.kind) {
    case "deploy":
      return [...(await finishDeploy(ctx, job)), ...(await markChanged(ctx, job))];
    case "remove":
      return [...(await finishRemove(ctx, job)), ...(await markChanged(ctx, job))];
    case "check":
      return finishCheck(ctx, job);
  }
}

const subjectOf = (job: Job) => `${job.app}/${job.environment}`;

const line = (ctx: Context, job: Job, action: "deployment" | "app", what: string): Write =>
  audit(ctx, `${action}.${what}`, subjectOf(job), {
    result: job.status,
    detail: [`${job.id}`, job.release && `release ${job.release}`, job.failure && `${job.failure.class}: ${job.failure.message}`]
      .filter(Boolean)
      .join(", "),
  });

const succeeded = (job: Job) => Object.values(job.rollouts).filter((rollout) => rollout.status === "succeeded");

async function environmentOf(ctx: Context, job: Job): Promise<Environment> {
  const found = await get(ctx, environmentKey(ctx, job.app ?? "", job.environment ?? ""));
  return found ? Environment.parse(found) : newEnvironment(job.app ?? "", job.environment ?? "");
}

/** What serves where moves only for targets where the release became healthy. An app with nothing live gives its slot back. */
async function finishDeploy(ctx: Context, job: Job): Promise<Write[]> {
  const done = succeeded(job);
  const release = job.release ?? 0;
  const everywhere = done.length === Object.keys(job.rollouts).length;
  if (everywhere) return [wentLive(ctx, job, release), line(ctx, job, "deployment", "end")];
  const environment = await environmentOf(ctx, job);
  const next: Environment = {
    ...environment,
    live: { ...environment.live, ...Object.fromEntries(done.map(({ target }) => [target, release])) },
    version: environment.version + 1,
  };
  const idle = Object.keys(next.live).length === 0;
  return [
    replace(ctx, environmentKey(ctx, next.app, next.name), next, environment.version),
    ...(idle ? await deactivate(ctx, next) : []),
    line(ctx, job, "deployment", "end"),
  ];
}

/** The common case without reading: nobody else changes the environment while the job holds it. */
const wentLive = (ctx: Context, job: Job, release: number): Write =>
  update(ctx, environmentKey(ctx, job.app ?? "", job.environment ?? ""), {
    change: "SET #live = :live, #good = list_append(#good, :release), #version = #version + :one",
    condition: "#job = :job",
    values: {
      ":live": Object.fromEntries(Object.keys(job.rollouts).map((target) => [target, release])),
      ":release": [release],
      ":one": 1,
      ":job": job.id,
    },
  });

async function deactivate(ctx: Context, environment: Environment): Promise<Write[]> {
  const found = await get(ctx, appKey(ctx, environment.app));
  if (!found) return [];
  const app = App.parse(found);
  const active = app.active.filter((name) => name !== environment.name);
  if (active.length === app.active.length) return [];
  return [
    replace(ctx, appKey(ctx, app.name), { ...app, active, version: app.version + 1 }, app.version),
    ...slotOf(ctx, app, active),
  ];
}

const slotOf = (ctx: Context, app: App, active: readonly string[]) =>
  app.active.length > 0 && active.length === 0 ? [giveBack(ctx, "slots")] : [];

/** The environment is gone, and with the last one the app. Of what ends or is accepted for two of them at once, one finds the app as the other left it. */
async function removeEnvironment(ctx: Context, environment: Environment): Promise<Write[]> {
  const seen = ({ version }: { version: number }) => ({ condition: "version = :seen", values: { ":seen": version } });
  const stale = new Problem("version.stale");
  const found = await get(ctx, appKey(ctx, environment.app));
  if (!found) throw stale; // another worker has just ended this very job
  const app = App.parse(found);
  const others = (await listEnvironments(ctx, environment.app)).filter(({ name }) => name !== environment.name);
  const active = app.active.filter((name) => name !== environment.name);
  const at = appKey(ctx, app.name);
  return [
    remove(ctx, environmentKey(ctx, environment.app, environment.name), seen(environment), stale),
    ...keepRequests(ctx, environment),
    ...promiseErasure(ctx, {
      app: app.id,
      environment: environment.name,
      upTo: environment.releases,
      last: others.length === 0,
    }),
    others.length > 0
      ? replace(ctx, at, { ...app, active, version: app.version + 1 }, app.version)
      : remove(ctx, at, seen(app), stale),
    ...slotOf(ctx, app, active),
  ];
}

/** Gone from every target: the environment goes too, and with the last one the app. Otherwise what is left is still known. */
async function finishRemove(ctx: Context, job: Job): Promise<Write[]> {
  const environment = await environmentOf(ctx, job);
  const gone = new Set(succeeded(job).map(({ target }) => target));
  const placement = environment.placement.filter((target) => !gone.has(target));
  const live = Object.fromEntries(Object.entries(environment.live).filter(([target]) => !gone.has(target)));
  const writes: Write[] = [...gone].map((target) => leave(ctx, target, subjectOf(job)));
  if (placement.length === 0) writes.push(...(await removeEnvironment(ctx, environment)));
  else {
    const next = { ...environment, placement, live, version: environment.version + 1 };
    writes.push(replace(ctx, environmentKey(ctx, environment.app, environment.name), next, environment.version));
    if (Object.keys(live).length === 0) writes.push(...(await deactivate(ctx, environment)));
  }
  return [...writes, line(ctx, job, "app", "remove")];
}

const leave = (ctx: Context, target: string, subject: string): Write =>
  update(ctx, targetKey(ctx, target), {
    change: "DELETE apps :app",
    condition: "attribute_exists(pk)",
    values: { ":app": new Set([subject]) },
  });

async function finishCheck(ctx: Context, job: Job): Promise<Write[]> {
  const writes: Write[] = [];
  for (const rollout of Object.values(job.rollouts)) {
    const found = await get(ctx, targetKey(ctx, rollout.target));
    if (!found) continue;
    writes.push(
      checked(ctx, StoredTarget.parse(found), rollout),
      audit(ctx, "target.checked", rollout.target, { name: rollout.name, result: job.status }),
    );
  }
  return writes;
}

function checked(ctx: Context, target: StoredTarget, rollout: Rollout): Write {
  const { hostKey: shown, facts } = rollout.found ?? {};
  const { failure } = rollout;
  const status: Target["status"] =
    failure?.class === "hostkey.changed" ? "changed" : !target.hostKey ? "untrusted" : failure ? "unready" : "ready";
  const sets = ["#status = :status", "checkedAt = :now"];
  const removes: string[] = [];
  const values: Record<string, unknown> = { ":status": status, ":now": ctx.now().toISOString() };
  const give = (name: string, value: unknown, present: boolean) => {
    if (present) {
      sets.push(`${name} = :${name.replace("#", "")}`);
      values[`:${name.replace("#", "")}`] = value;
    } else removes.push(name);
  };
  give("shownKey", shown, shown !== undefined);
  give(
    "#problem",
    failure && { class: failure.class, message: failure.message, ...(failure.remedy && { remedy: failure.remedy }) },
    failure !== undefined,
  );
  if (!failure && facts) give("facts", facts, true);
  const change = `SET ${sets.join(", ")}${removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : ""}`;
  return update(ctx, targetKey(ctx, target.id), { change, condition: "attribute_exists(pk)", values });
}

/** A server that showed another host key is marked, so that people see it before they try again. */
async function markChanged(ctx: Context, job: Job): Promise<Write[]> {
  return Object.values(job.rollouts)
    .filter((rollout) => rollout.failure?.class === "hostkey.changed" && rollout.status === "failed")
    .map(({ target }) =>
      update(ctx, targetKey(ctx, target), {
        change: "SET #status = :changed",
        condition: "attribute_exists(pk)",
        values: { ":changed": "changed" },
      }),
    );
}

/**
 * A job that waits for its next try and holds nothing goes behind the tenant's others: a server that is away keeps none of them waiting.
 * Its turn is looked at again then.
 */
export async function letOthersGo(ctx: Context, job: Job): Promise<Write[]> {
  const { deploys } = await getAccount(ctx);
  if (!deploys.includes(job.id) || deploys.at(-1) === job.id) return [];
  return [
    update(ctx, accountKey(ctx), {
      change: "SET deploys = :next",
      condition: "deploys = :seen",
      values: { ":seen": deploys, ":next": [...deploys.filter((id) => id !== job.id), job.id] },
    }),
  ];
}

/**
 * Rings for those who waited for what the job held: the tenant's oldest deploys that may run now. Whoever waits for one of its targets is
 * among them, for targets are the tenant's own.
 */
export async function ringWaiting(ctx: Context, job: Job): Promise<void> {
  if (!mutates(job)) return;
  const account = await getAccount(ctx);
  const others = account.deploys.filter((id) => id !== job.id);
  const waiting = await goingOn(ctx, others);
  for (const next of waiting.slice(0, account.plan ? planOf(account.plan).concurrent : 1)) await ring(ctx, next);
}
