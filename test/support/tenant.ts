import { type Environment, environmentKey } from "@berth/domain/app/app.ts";
import { createApp as makeApp } from "@berth/domain/app/create.ts";
import type { Context } from "@berth/domain/context.ts";
import { deploy } from "@berth/domain/deployment/deploy.ts";
import { type Account, accountKey, getAccount, limitsOf } from "@berth/domain/entitlement/account.ts";
import type { Entitlement } from "@berth/domain/entitlement/permission.ts";
import { newId } from "@berth/domain/id.ts";
import { enqueue, findJob, type Job } from "@berth/domain/job/job.ts";
import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import { get } from "@berth/domain/query.ts";
import type { Scope } from "@berth/domain/scope.ts";
import { commit, putOne } from "@berth/domain/table.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { findTarget, type Target, trustTarget } from "@berth/domain/target/target.ts";
import { roleScopes, type User, userOfEmail } from "@berth/domain/tenant/tenant.ts";
import { mintToken } from "@berth/domain/token/issue.ts";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { type ScriptedReach, scriptedReach } from "./reach.ts";
import type { TestWorld } from "./world.ts";

/** A tenant of a test, with what it takes to act for it. Each test mints its own and shares only the table. */
export interface TestTenant {
  readonly id: string;
  readonly user: User;
  /** The owner's, as from a session in which a code was entered just now. */
  readonly ctx: Context;
  /** Berth's own, as in a worker. */
  readonly system: Context;
  /** The owner's with an Idempotency-Key, as of a request with that body. */
  once(key: string, body?: string): Context;
  /** A new token's secret; it holds as proved, as one of a device login that was just confirmed, unless told otherwise. */
  token(scopes?: readonly Scope[], options?: { app?: string; days?: number; proved?: boolean }): Promise<string>;
  /** Puts the account where it is to be; grace ends in three days unless said, restricted has ended a day ago. */
  entitle(state: Entitlement, options?: { plan?: PricingPlanName; graceUntil?: string }): Promise<void>;
  /** Puts the account on hold, as an open dispute does. */
  hold(): Promise<void>;
  account(): Promise<Account>;
  /** A target that was added, trusted and found ready. */
  target(name?: string, host?: string): Promise<Target>;
  /** An app without a deployment. */
  app(name?: string): Promise<string>;
  /** Accepts a deploy of a small Compose file and answers its job. */
  deploy(app: string, options?: { targets?: string[]; environment?: string; compose?: string; note?: string }): Promise<Job>;
  /** Takes this tenant's messages from the jobs queue and does their work, again and again until none is left; answers the job as it ended. */
  work(job: Pick<Job, "id">, reach?: ScriptedReach): Promise<Job>;
  /** Does what this tenant's messages in the jobs queue ask for, until none is due. */
  drain(reach?: ScriptedReach): Promise<void>;
  environment(app: string, name?: string): Promise<Environment>;
  /** Lets so many deploys of other apps wait. */
  crowd(count: number): Promise<void>;
}

export const COMPOSE = "services:\n  web:\n    image: registry.test/web:1\n";

let minted = 0;

/** Mints a tenant in the state wanted: by default active on the pro plan. */
export async function testTenant(
  test: TestWorld,
  options: { email?: string; state?: Entitlement; plan?: PricingPlanName; reach?: ScriptedReach } = {},
): Promise<TestTenant> {
  const { world } = test;
  const user = await userOfEmail(world, options.email ?? `owner${++minted}@example.com`);
  const { tenant: id } = user;
  const ctx: Context = {
    ...world,
    tenant: id,
    actor: { kind: "user", id: user.id, scopes: roleScopes[user.role], name: user.email },
    get credential() {
      return { pk: `SESSION#${id}`, sk: "SESSION", provedAt: world.now().toISOString() };
    },
  };
  const system: Context = { ...world, tenant: id, actor: { kind: "system", id: "test" } };
  const plan = options.plan ?? "pro";

  /** Does something as an active tenant, whatever the state is, and puts the state back. */
  async function asActive<T>(work: () => Promise<T>): Promise<T> {
    const before = await getAccount(ctx);
    if (before.kind === "good" && !before.hold) return work();
    await tenant.entitle("active", { plan: before.plan ?? plan });
    const done = await work();
    const { slots, targets, deploys } = await getAccount(ctx);
    await putOne(ctx, accountKey(ctx), { ...before, slots, targets, deploys });
    return done;
  }

  const tenant: TestTenant = {
    id,
    user,
    ctx,
    system,
    once: (key, body = key) => ({ ...ctx, once: { key, hash: body } }),
    token: async (scopes = ["admin", "billing"], { app, days, proved = true } = {}) =>
      (
        await mintToken(ctx, {
          name: scopes.join(" "),
          scopes,
          app,
          days,
          ...(proved && { provedAt: world.now().toISOString() }),
        })
      ).secret,
    account: () => getAccount(ctx),
    hold: async () => putOne(ctx, accountKey(ctx), { ...(await getAccount(ctx)), hold: true }),
    async entitle(state, { plan: of = plan, graceUntil } = {}) {
      const { hold: _hold, ...account } = await getAccount(ctx);
      await putOne(ctx, accountKey(ctx), { ...account, ...standing(world.now(), state, of, graceUntil) });
    },
    target: (name = "web1", host = "127.0.0.1") =>
      asActive(async () => {
        const { job, target } = await addTarget(ctx, { name, host, port: 22, user: "root" });
        const reach = options.reach ?? scriptedReach();
        await tenant.work(job, reach);
        const { fingerprint } = reach.hostKey;
        await tenant.work((await trustTarget(ctx, { target: target.id, fingerprint })).job, reach);
        return findTarget(ctx, target.id);
      }),
    app: (name = "shop") =>
      asActive(async () => {
        await makeApp(ctx, { name, template: "compose" });
        return name;
      }),
    deploy: (app, { compose = COMPOSE, ...rest } = {}) =>
      deploy(ctx, { app, ...rest, bundle: { compose, files: [], variables: {} } }),
    async drain(reach = options.reach ?? scriptedReach()) {
      for (;;) {
        const messages = dueOf(test, id);
        if (messages.length === 0) return;
        for (const message of messages) await answerMessage(system, Message.parse(message), reach);
      }
    },
    async work({ id: job }, reach = options.reach ?? scriptedReach()) {
      await tenant.drain(reach);
      const found = await findJob(system, job);
      if (!found) throw new Error(`there is no job ${job}`);
      return found;
    },
    async crowd(count) {
      const deploys: string[] = [];
      for (let i = 0; i < count; i++) {
        const id = newId(world, "job");
        const job: Job = {
          id,
          kind: "deployment",
          status: "queued",
          app: `crowd${i}`,
          rollouts: { none: { target: "none", name: "none", status: "queued", attempts: 0 } },
          by: { kind: "system", id: "test" },
          createdAt: world.now().toISOString(),
          version: 1,
        };
        await commit(ctx, enqueue(ctx, job));
        deploys.push(id);
      }
      await putOne(ctx, accountKey(ctx), { ...(await getAccount(ctx)), deploys });
    },
    environment: async (app, name = "production") => (await get(ctx, environmentKey(ctx, app, name))) as unknown as Environment,
  };
  await tenant.entitle(options.state ?? "active", { plan });
  return tenant;
}

/** The fields of an account in a state. */
function standing(now: Date, state: Entitlement, plan: PricingPlanName, graceUntil: string | undefined): Partial<Account> {
  if (state === "none") return { kind: "none", plan: null, slotLimit: 0, targetLimit: 0, graceUntil: null };
  const days = (count: number) => new Date(now.getTime() + count * 86_400_000).toISOString();
  const limits = { plan, ...limitsOf(plan) };
  if (state === "active") return { kind: "good", graceUntil: null, periodEnd: days(30), ...limits };
  const until = graceUntil ?? days(state === "grace" ? 3 : -1);
  return { kind: "delinquent", graceUntil: until, anchor: until, ...limits };
}

/** Takes the tenant's due messages off the jobs queue; one that is delayed stays until the clock has come that far. */
function dueOf(test: TestWorld, tenant: string): Record<string, unknown>[] {
  const now = test.clock.now().getTime();
  const due = test.sent.filter(
    ({ queue, message, options, at }) =>
      queue === "jobs" && message.tenant === tenant && at.getTime() + (options.delaySeconds ?? 0) * 1000 <= now,
  );
  for (const each of due) test.sent.splice(test.sent.indexOf(each), 1);
  // `again` marks the sweep's messages; tests that need one set it themselves.
  return due.map(({ message: { again: _again, ...message } }) => message);
}
