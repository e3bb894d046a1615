import { deploy } from "@berth/domain/deployment/deploy.ts";
import { LEASE_SECONDS } from "@berth/domain/engine/lease.ts";
import { rollout } from "@berth/domain/engine/rollout.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { findJob, type JobMessage } from "@berth/domain/job/job.ts";
import { type Exit, RemoteError } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { lost, scriptedReach, succeeded } from "../support/reach.ts";
import { COMPOSE } from "../support/tenant.ts";
import { messages, pending, ready, t, turn, useWorld } from "./rollouts.ts";

useWorld();

describe("a job is worked on by one worker at a time", () => {
  test("of the same message many times over, one worker runs it and the others do nothing", async () => {
    const { tenant, target } = await ready();
    const { reach, end } = pending();
    const job = await tenant.deploy("shop");
    const message = { job: job.id, target: target.id };
    const workers = Array.from({ length: 4 }, () => rollout(tenant.system, message, reach));
    await turn();
    end(succeeded());
    await Promise.all(workers);
    expect(reach.runs).toHaveLength(1);
    await rollout(tenant.system, message, reach);
    expect(reach.runs).toHaveLength(1);
  });

  test("a worker that dies loses the lease within a minute; the next one attaches to the same run with a higher fence, from the event it had", async () => {
    const { tenant, target } = await ready();
    const job = await tenant.deploy("shop");
    messages(tenant);
    const dead = scriptedReach();
    dead.always((_, tell) => {
      tell({ type: "step", step: "pull", text: "pull" });
      return new Promise(() => {});
    });
    const frozen = { ...tenant.system, sleep: () => new Promise<void>(() => {}) };
    void rollout(frozen, { job: job.id, target: target.id }, dead);
    await turn();
    const next = scriptedReach();
    await rollout(tenant.system, { job: job.id, target: target.id }, next);
    expect(next.runs).toHaveLength(0);
    await t.clock.advance(LEASE_SECONDS + 1);
    await rollout(tenant.system, { job: job.id, target: target.id }, next);
    const [first, second] = [dead.runs[0], next.runs[0]];
    expect(second?.job).toBe(first?.job);
    expect(second?.fence).toBe((first?.fence ?? 0) + 1);
    expect(second?.from).toBe(1);
    expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "succeeded" });
  });

  test("the sweep finds a job whose worker died, and has it looked at the moment its lease has lapsed", async () => {
    const { tenant, target } = await ready();
    const job = await tenant.deploy("shop");
    messages(tenant);
    const frozen = { ...tenant.system, sleep: () => new Promise<void>(() => {}) };
    void rollout(
      frozen,
      { job: job.id, target: target.id },
      scriptedReach(() => new Promise(() => {})),
    );
    await turn();
    await t.clock.advance(11);
    await sweep(t.world);
    const [again] = messages(tenant);
    expect(again).toMatchObject({ job: job.id, again: true });
    await rollout(tenant.system, again as JobMessage, scriptedReach());
    const [delayed] = messages(tenant);
    expect(delayed?.delay).toBeGreaterThan(0);
    expect(delayed?.delay).toBeLessThanOrEqual(LEASE_SECONDS + 1);
    await t.clock.advance(delayed?.delay ?? 0);
    await rollout(tenant.system, delayed as JobMessage, scriptedReach());
    expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "succeeded" });
  });

  test("a worker that was frozen and thaws after another took over changes nothing", async () => {
    const { tenant, target } = await ready();
    const job = await tenant.deploy("shop");
    messages(tenant);
    const message = { job: job.id, target: target.id };
    let lose: (error: Error) => void = () => {};
    const stale = scriptedReach(() => new Promise<Exit>((_, reject) => (lose = reject)));
    const untilAbort = (_: number, signal?: AbortSignal) =>
      signal ? new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())) : Promise.resolve();
    const old = rollout({ ...tenant.system, sleep: untilAbort }, message, stale);
    await turn();
    await t.clock.advance(LEASE_SECONDS + 1);
    const { reach, end } = pending();
    const current = rollout(tenant.system, message, reach);
    await turn();
    stale.always(lost("unreachable"));
    lose(new RemoteError("unreachable", "it had been frozen"));
    await old;
    expect((await findJob(tenant.system, job.id))?.rollouts[target.id]).toMatchObject({ status: "running" });
    end(succeeded());
    await current;
    expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "succeeded" });
    expect(messages(tenant).filter(({ job: id }) => id === job.id)).toEqual([]);
  });
});

describe("a busy target", () => {
  test("makes the jobs of other apps wait in the order they were accepted, and each end dispatches the next", async () => {
    const { tenant, target } = await ready();
    const { reach, end } = pending();
    for (const app of ["b", "c"]) await tenant.app(app);
    const jobs = [];
    for (const app of ["shop", "b", "c"]) {
      jobs.push(await tenant.deploy(app));
      await t.clock.advance(1);
    }
    messages(tenant);
    const [first, second, third] = jobs;
    const message = (job: { id: string } | undefined) => ({ job: job?.id ?? "", target: target.id });
    const running = rollout(tenant.system, message(first), reach);
    await turn();
    await rollout(tenant.system, message(third), reach);
    await rollout(tenant.system, message(second), reach);
    expect((await findJob(tenant.system, third?.id ?? ""))?.rollouts[target.id]).toMatchObject({
      status: "waiting",
      waitsFor: first?.id,
    });
    end(succeeded());
    await running;
    expect(messages(tenant).map(({ job }) => job)).toContain(second?.id);
    await rollout(tenant.system, message(third), scriptedReach());
    expect((await findJob(tenant.system, third?.id ?? ""))?.status).toBe("queued");
    await rollout(tenant.system, message(second), scriptedReach());
    await rollout(tenant.system, message(third), scriptedReach());
    for (const job of jobs) expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "succeeded" });
  });

  test("serves in the order of acceptance, though a process whose clock is behind made an id that looks older", async () => {
    const { tenant, target } = await ready();
    const { reach, end } = pending();
    for (const app of ["b", "c"]) await tenant.app(app);
    const first = await tenant.deploy("shop");
    const second = await tenant.deploy("b");
    const behind = { ...tenant.ctx, now: () => new Date(t.clock.now().getTime() - 60_000) };
    const third = await deploy(behind, { app: "c", targets: ["web1"], bundle: { compose: COMPOSE, files: [], variables: {} } });
    expect(third.id < second.id).toBe(true);
    const jobs = [first, second, third];
    const running = rollout(tenant.system, { job: first.id, target: target.id }, reach);
    await turn();
    for (const { id } of [second, third]) await rollout(tenant.system, { job: id, target: target.id }, scriptedReach());
    // A smaller plan looks at the order of acceptance too: were the line in another one, each of the two would wait for the other for ever.
    await tenant.entitle("active", { plan: "solo" });
    end(succeeded());
    await running;
    const done: string[] = [];
    for (const { id } of [third, second, third, second]) {
      await rollout(tenant.system, { job: id, target: target.id }, scriptedReach());
      for (const job of jobs)
        if (!done.includes(job.id) && (await findJob(tenant.system, job.id))?.status === "succeeded") done.push(job.id);
    }
    expect(done).toEqual(jobs.map(({ id }) => id));
  });

  test("is free the moment its job has ended, though nobody gave the lease back", async () => {
    const { tenant } = await ready();
    await tenant.app("b");
    await tenant.work(await tenant.deploy("shop"));
    expect(await tenant.work(await tenant.deploy("b"))).toMatchObject({ status: "succeeded" });
  });
});

test("no more deploys run at once than the plan has, and the next starts when one ends", async () => {
  const { tenant, target } = await ready("solo");
  const other = await tenant.target("web2", "127.0.0.2");
  await tenant.app("b");
  const { reach, end } = pending();
  const first = await tenant.deploy("shop", { targets: ["web1"] });
  const second = await tenant.deploy("b", { targets: ["web2"] });
  messages(tenant);
  const running = rollout(tenant.system, { job: first.id, target: target.id }, reach);
  await turn();
  await rollout(tenant.system, { job: second.id, target: other.id }, reach);
  expect((await findJob(tenant.system, second.id))?.rollouts[other.id]).toMatchObject({
    status: "waiting",
    waitsFor: `${first.id}: the plan has 1 deploy at a time`,
  });
  expect(reach.runs).toHaveLength(1);
  end(succeeded());
  await running;
  expect(messages(tenant).map(({ job }) => job)).toEqual([second.id]);
});

test("a deploy that waits for its next try lets the others go, and looks for its turn again when its time comes", async () => {
  const { tenant, target } = await ready("solo");
  const other = await tenant.target("web2", "127.0.0.2");
  for (const app of ["b", "c"]) await tenant.app(app);
  const away = scriptedReach();
  away.refuse(new RemoteError("unreachable", "it does not answer"));
  const first = await tenant.deploy("shop", { targets: ["web1"] });
  const second = await tenant.deploy("b", { targets: ["web2"] });
  const third = await tenant.deploy("c", { targets: ["web2"] });
  messages(tenant);
  await rollout(tenant.system, { job: first.id, target: target.id }, away);
  expect((await findJob(tenant.system, first.id))?.rollouts[target.id]).toMatchObject({ status: "retrying", retries: 1 });
  expect(messages(tenant).map(({ job, delay }) => [job, delay])).toEqual([
    [first.id, 60],
    [second.id, 0],
  ]);
  expect((await tenant.account()).deploys).toEqual([second.id, third.id, first.id]);
  const { reach, end } = pending();
  const running = rollout(tenant.system, { job: second.id, target: other.id }, reach);
  await turn();
  await t.clock.advance(61);
  await rollout(tenant.system, { job: first.id, target: target.id }, scriptedReach());
  expect((await findJob(tenant.system, first.id))?.rollouts[target.id]).toMatchObject({
    status: "waiting",
    waitsFor: `${second.id}: the plan has 1 deploy at a time`,
  });
  end(succeeded());
  await running;
  await rollout(tenant.system, { job: third.id, target: other.id }, scriptedReach());
  await rollout(tenant.system, { job: first.id, target: target.id }, scriptedReach());
  for (const { id } of [first, second, third]) expect((await findJob(tenant.system, id))?.status).toBe("succeeded");
});

test("a deploy whose run may be going on keeps its place while it waits for its next try", async () => {
  const { tenant, target } = await ready("solo");
  await tenant.app("b");
  const reach = scriptedReach();
  reach.always(lost("unreachable"));
  const first = await tenant.deploy("shop");
  const second = await tenant.deploy("b");
  const running = rollout(tenant.system, { job: first.id, target: target.id }, reach);
  for (let i = 0; i < 20; i++) {
    await turn();
    await t.clock.advance(3);
  }
  await running;
  expect((await findJob(tenant.system, first.id))?.rollouts[target.id]).toMatchObject({ status: "retrying", begun: true });
  expect((await tenant.account()).deploys).toEqual([first.id, second.id]);
});
