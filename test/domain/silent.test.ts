import { audit } from "@berth/domain/audit/audit.ts";
import type { Context } from "@berth/domain/context.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { newId } from "@berth/domain/id.ts";
import { dispatch, enqueue, findJob, type Job } from "@berth/domain/job/job.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { commit } from "@berth/domain/table.ts";
import { checkTarget, findTarget, trustTarget } from "@berth/domain/target/target.ts";
import { afterEach, describe, expect, test } from "vitest";
import { scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { silentReach, workers } from "../support/workers.ts";
import { type TestWorld, testWorld } from "../support/world.ts";

const worlds: TestWorld[] = [];
const world = () => {
  const made = testWorld();
  worlds.push(made);
  return made;
};
afterEach(() => {
  for (const made of worlds.splice(0)) made.close();
});

const many = async (tenant: TestTenant, count: number) => {
  for (let i = 0; i < count; i++) await tenant.target(`web${i}`);
};

/** A check that shares nobody's. */
async function look(ctx: Context, target: string): Promise<Job> {
  const job: Job = {
    id: newId(ctx, "job"),
    kind: "target.check",
    status: "queued",
    rollouts: { [target]: { target, name: "web1", status: "queued", attempts: 0 } },
    by: ctx.actor,
    createdAt: ctx.now().toISOString(),
    version: 1,
  };
  await commit(ctx, enqueue(ctx, job), audit(ctx, "target.check", target));
  await dispatch(ctx, job);
  return job;
}

describe("a server that lets us in and says nothing", () => {
  test("is given up by its check after thirty seconds; until then one worker asks it, however often the message comes", async () => {
    const made = world();
    const tenant = await testTenant(made);
    await tenant.target();
    const silent = silentReach();
    const pool = workers(made, 10, () => silent.reach);
    const job = await checkTarget(tenant.ctx, "web1");
    const [message] = made.sent;
    if (!message) throw new Error("nobody was told of the job");
    for (let i = 0; i < 5; i++) made.sent.push({ ...message });
    await pool.pass(20);
    expect((await findJob(tenant.system, job.id))?.status).toBe("running");
    expect([silent.held(), silent.made()]).toEqual([1, 1]);
    await pool.pass(15);
    expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "failed", failure: { class: "unreachable" } });
    await pool.pass(180);
    expect([silent.held(), silent.made(), pool.busy()]).toEqual([0, 1, 0]);
  });

  test("keeps no more than the tenant's share of the workers from others: another's check is done while it is waited for", async () => {
    const made = world();
    const [hostile, other] = [await testTenant(made, { plan: "studio" }), await testTenant(made)];
    await many(hostile, 12);
    await other.target();
    await made.clock.advance(61); // Checks have a rate too.
    const [silent, fine] = [silentReach(), scriptedReach()];
    const pool = workers(made, 10, (tenant) => (tenant === hostile.id ? silent.reach : fine));
    for (let i = 0; i < 12; i++) await checkTarget(hostile.ctx, `web${i}`);
    await pool.pass(3);
    expect(silent.held()).toBe(4);
    for (let round = 0; round < 3; round++) {
      const asked: Job = await checkTarget(other.ctx, "web1");
      await pool.pass(2);
      expect((await findJob(other.system, asked.id))?.status).toBe("succeeded");
      await pool.pass(30);
    }
    await pool.pass(100);
    expect(silent.most()).toBe(4);
    expect(silent.made()).toBe(12);
    expect((await findTarget(hostile.ctx, "web11")).problem?.class).toBe("unreachable");
  });

  test.each([12, 48])("costs no more than six messages for each check that waits for room, with %i of them", async (count) => {
    const made = world();
    const tenant = await testTenant(made, { plan: "studio" });
    const { id: target } = await tenant.target();
    for (let i = 0; i < count; i++) await look(tenant.system, target);
    const { send } = made.world;
    let [sent, units] = [0, 0];
    const off = made.engine.onConsumed(({ write, read }) => {
      units += write + read;
    });
    const counting: typeof send = (queue, message, options) => {
      if (!("again" in message)) sent++;
      return send(queue, message, options);
    };
    Object.assign(made.world, { send: counting });
    const silent = silentReach();
    const pool = workers(made, 100, () => silent.reach);
    for (let seconds = 0; silent.made() < count && seconds < 1200; seconds += 10) await pool.pass(10);
    await pool.pass(31);
    off();
    expect([silent.made(), silent.held(), silent.most()]).toEqual([count, 0, 4]);
    expect(sent / count).toBeLessThanOrEqual(6);
    process.stdout.write(`${count} checks of silent servers: ${sent} messages put back, ${Math.round(units)} units\n`);
  });

  test("and that was fixed does not keep others waiting: sixteen that answer in a second are checked in twenty", async () => {
    const made = world();
    const tenant = await testTenant(made, { plan: "studio" });
    const { id: target } = await tenant.target();
    const reach = scriptedReach(async (_input, _tell, signal) => {
      await made.world.sleep(1000, signal);
      return succeeded({ docker: "27.3.1" });
    });
    const pool = workers(made, 100, () => reach);
    const jobs = [];
    for (let i = 0; i < 16; i++) jobs.push(await look(tenant.system, target));
    await pool.pass(20);
    for (const { id } of jobs) expect((await findJob(tenant.system, id))?.status).toBe("succeeded");
  });

  test("is checked for everybody who asks by the one check that is under way", async () => {
    const made = world();
    const tenant = await testTenant(made);
    const { hostKey } = await tenant.target();
    const first = await checkTarget(tenant.ctx, "web1");
    const [second, third] = await Promise.all([checkTarget(tenant.ctx, "web1"), checkTarget(tenant.ctx, "web1")]);
    const trusted = await trustTarget(tenant.ctx, { target: "web1", fingerprint: hostKey?.fingerprint ?? "" });
    expect(new Set([first, second, third, trusted.job].map(({ id }) => id)).size).toBe(1);
    await tenant.work(first);
    expect((await checkTarget(tenant.ctx, "web1")).id).not.toBe(first.id);
  });

  test("and to a cancel neither does not keep the worker from renewing its lease", async () => {
    const made = world();
    const tenant = await testTenant(made);
    await tenant.target();
    await tenant.app();
    const job = await tenant.deploy("shop");
    const silent = silentReach();
    silent.reach.cancels((_input, _tell, signal) => {
      return new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(new RemoteError("aborted", "let go"))),
      );
    });
    const pool = workers(made, 10, () => silent.reach);
    await pool.pass(5);
    await cancelJob(tenant.ctx, job.id);
    let lapsed = 0;
    let least = Number.POSITIVE_INFINITY;
    const watch: Promise<void>[] = [];
    await pool.pass(120, () => {
      watch.push(
        findTarget(tenant.ctx, "web1").then(({ lease }) => {
          const left = Date.parse(lease?.until ?? "") - made.clock.now().getTime();
          least = Math.min(least, left);
          if (!(left > 0)) lapsed++;
        }),
      );
    });
    await Promise.all(watch);
    expect({ lapsed, held: silent.held() }).toEqual({ lapsed: 0, held: 1 });
    expect(silent.reach.runs.filter(({ op }) => op === "cancel").length).toBeGreaterThan(1);
  });
});
