import { addonsOf, type StoredAddon } from "../addon/addon.ts";
import { contractOf, passwordVariable } from "../addon/contract.ts";
import { getAppIn, PRODUCTION, projectOf } from "../app/app.ts";
import { builderAmong, choosePlacement } from "../app/placement.ts";
import { audit } from "../audit/audit.ts";
import { whoIs } from "../audit/who.ts";
import type { Composed } from "../compose/compose.ts";
import { readOnServer } from "../compose/server-reads.ts";
import { allow, type Context, holds } from "../context.ts";
import { refusal } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { dispatch, enqueue, newJob } from "../job/job.ts";
import { remember } from "../once.ts";
import { limit } from "../rate-limit.ts";
import { type Asked, readBundle } from "../release/read-bundle.ts";
import { type Bundle, sourcesOf, type Used } from "../release/release.ts";
import { commit } from "../table.ts";
import { choose } from "../variable/used.ts";
import { insertPlan, type StoredPlan } from "./stored.ts";
import { type DeploymentPlan, viewOf } from "./view.ts";

/**
 * Asks the servers what deploying the bundle would do. Changes nothing on them, so it is permitted in every billing state.
 * @throws Problem token.scope where Compose would read files of the server for who may not deploy
 */
export async function makePlan(ctx: Context, input: Asked): Promise<DeploymentPlan> {
  allow(ctx, "plan", { app: input.app });
  await limit(ctx, `plans#${ctx.tenant}`, { most: 20, seconds: 60 });
  const { app, environment, account } = await getAppIn(ctx, input.app, input.environment ?? PRODUCTION);
  const addons = await addonsOf(ctx, app, environment.name);
  const { used } = await choose(ctx, app, environment.name, input.namespaces ?? environment.namespaces ?? []);
  const { composed, data, hash } = readBundle(input, { project: projectOf(app.name, environment.name), addons, used });
  if (!holds(ctx, "deploy")) {
    assertOwnFiles(composed);
    assertKeptFromRegistries(composed, input.bundle, secretNames(used, addons));
  }
  const placed = await choosePlacement(ctx, environment, input.targets);
  const targets = placed.map(({ id, name }) => ({ id, name }));
  const builder = builderAmong(placed, input.buildOn);
  const id = newId(ctx, "plan");
  const of = { app: app.name, appId: app.id, environment: environment.name };
  const job = newJob(ctx, "deployment.plan", targets, { ...of, input: { plan: id } });
  const plan: StoredPlan = {
    id,
    ...of,
    release: environment.releases + 1,
    services: [...composed.services],
    bundle: hash,
    ...(used.length > 0 && { variables: [...used] }),
    targets,
    ...(builder !== undefined && { builder }),
    live: environment.live,
    job: job.id,
    by: whoIs(ctx.actor),
    createdAt: ctx.now().toISOString(),
  };
  const writes = await insertPlan(ctx, plan, data);
  const answer = viewOf({ plan, job, found: new Map(), refused: refusal(ctx, account, "grow"), app, account });
  await commit(
    ctx,
    remember(ctx, answer),
    ...writes,
    enqueue(ctx, job),
    audit(ctx, "deployment.plan", `${app.name}/${environment.name}`, { detail: `${id}, ${job.id}` }),
  );
  await dispatch(ctx, job);
  return answer;
}

/** Of what Compose resolves much is told, so what it reads for a plan is the bundle alone: another app's variables are files of the server too. */
function assertOwnFiles({ file }: Composed): void {
  const found = readOnServer(file);
  if (found === undefined) return;
  throw new Problem("token.scope", {
    detail: `Compose would read ${found.slice(0, 200)} on the server for this plan. That needs the scope "deploy".`,
    facts: { scope: "deploy" },
  });
}

/** Of secrets, and of what has an add-on's password in it. */
const secretNames = (used: readonly Used[], addons: readonly StoredAddon[]): string[] => [
  ...used.filter(({ kind }) => kind === "secret").map(({ name }) => name),
  ...addons.flatMap((addon) => {
    const password = passwordVariable(addon.name);
    const given = Object.entries(contractOf(addon)).filter(([, value]) => value.includes(password));
    return [password, ...given.map(([name]) => name)];
  }),
];

/**
 * A plan asks registries for images by their names: whoever may not deploy could have one told a secret, also by a variable of what is included,
 * which is made of others.
 */
function assertKeptFromRegistries({ file }: Composed, bundle: Bundle, secrets: readonly string[]): void {
  const refuse = (what: string, text: string) => {
    const named = secrets.find((name) => text.includes(name));
    if (named !== undefined)
      throw new Problem("token.scope", {
        detail: `${what} names the secret ${named}, which a registry would be told for this plan. That needs the scope "deploy".`,
        facts: { scope: "deploy" },
      });
  };
  for (const [service, { image, build }] of file.services) refuse(`The image of "${service}"`, JSON.stringify([image, build]));
  const sources = sourcesOf(bundle);
  for (const { path, variables } of file.reads) if (variables) refuse(path.slice(0, 200), sources.text(path) ?? "");
}
