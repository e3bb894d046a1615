import { audit, listAudit } from "@berth/domain/audit/audit.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { kinds } from "@berth/domain/engine/kinds.ts";
import { dispatch, enqueue, getJob, type Job, listJobs, newJob } from "@berth/domain/job/job.ts";
import type { Change } from "@berth/domain/job/kind.ts";
import { jobKinds, wordsOf } from "@berth/domain/job/words.ts";
import { commit } from "@berth/domain/table.ts";
import type { Target } from "@berth/domain/target/target.ts";
import { afterAll, expect, test, vi } from "vitest";
import * as z from "zod";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

type Swap = { input: { megabytes: string } };

/** A kind that the product does not have: what it asks for, what it runs and what its end means. */
const swap = vi.hoisted(() => ({}) as Change<Swap>);

// The lines that a kind has beside its own files: its name, and what the engine knows it by.
vi.mock("@berth/domain/job/words.ts", async (original) => {
  const words = await original<typeof import("@berth/domain/job/words.ts")>();
  return { ...words, jobKinds: [...words.jobKinds, "swap"] };
});
vi.mock("@berth/domain/engine/kinds.ts", async (original) => {
  const { kinds: known } = await original<typeof import("@berth/domain/engine/kinds.ts")>();
  const all = { ...known, swap };
  return { kinds: all, kindOf: (job: Job) => all[job.kind] };
});

/** Jobs of which the end was committed. */
const over: string[] = [];
Object.assign(swap, {
  changes: "target",
  input: z.object({ input: z.object({ megabytes: z.string().regex(/^\d+$/) }) }),
  retries: true,
  run: async (_, job) => ({ op: "deploy", files: [], values: { release: job.input.megabytes }, redact: (text) => text }),
  record: (ctx, _, target, exit) => [audit(ctx, "swap.made", target, { detail: `code ${exit.code}` })],
  finish: async (ctx, job) => [audit(ctx, "swap.end", job.id, { result: job.status, detail: `${job.input.megabytes} MB` })],
  afterEnd: async (_, job) => void over.push(job.id),
} satisfies Change<Swap>);

const t = testWorld();
afterAll(() => t.close());

async function accept(tenant: TestTenant, target: Target, megabytes: string): Promise<Job> {
  const job = newJob(tenant.ctx, "swap" as Job["kind"], [target], { input: { megabytes } });
  await commit(tenant.ctx, enqueue(tenant.ctx, job), audit(tenant.ctx, "swap.start", target.id));
  await dispatch(tenant.ctx, job);
  return job;
}
const told = async (tenant: TestTenant) =>
  (await listAudit(tenant.ctx, { limit: 20 })).items.filter(({ action }) => action.startsWith("swap."));

test("every kind that has a name is one that the engine knows, and the other way round", () => {
  expect(Object.keys(kinds)).toEqual(jobKinds);
});

test("a kind of a file of its own is accepted, run and ended by the engine, and listed under its name", async () => {
  const tenant = await testTenant(t);
  const target = await tenant.target();
  const job = await accept(tenant, target, "512");
  const reach = scriptedReach();
  expect(await tenant.work(job, reach)).toMatchObject({ kind: "swap", status: "succeeded" });
  expect(reach.runs).toMatchObject([{ op: "deploy", job: job.id, values: { release: "512", resource: target.id } }]);
  expect((await told(tenant)).map(({ action, subject, result }) => [action, subject, result]).sort()).toEqual([
    ["swap.end", job.id, "succeeded"],
    ["swap.made", target.id, "ok"],
    ["swap.start", target.id, "ok"],
  ]);
  expect(over).toContain(job.id);
  expect((await listJobs(tenant.ctx, { limit: 5, kind: "swap" as Job["kind"] })).items.map(({ id }) => id)).toEqual([job.id]);
});

test("it is tried again, ends badly and is canceled as others are, by what it says of itself", async () => {
  const tenant = await testTenant(t);
  const target = await tenant.target();
  const late = await accept(tenant, target, "1");
  const reach = scriptedReach();
  reach.next(() => failed({ class: "docker.down" }));
  expect(await tenant.work(late, reach)).toMatchObject({ status: "running", rollouts: { [target.id]: { retries: 1 } } });
  await t.clock.advance(61);
  expect(await tenant.work(late, reach)).toMatchObject({ status: "succeeded" });
  const full = await accept(tenant, target, "2");
  reach.next(() => failed({ class: "disk.full" }));
  expect(await tenant.work(full, reach)).toMatchObject({ status: "failed", failure: { class: "disk.full" } });
  const canceled = await accept(tenant, target, "3");
  expect(await cancelJob(tenant.ctx, canceled.id)).toMatchObject({ status: "canceled" });
  const ends = (await told(tenant)).filter(({ action }) => action === "swap.end");
  expect(ends.map(({ subject, result }) => [subject, result]).sort()).toEqual(
    [
      [late.id, "succeeded"],
      [full.id, "failed"],
      [canceled.id, "canceled"],
    ].sort(),
  );
});

test("a program that has no words for it yet still says which kind it is, of what and where", () => {
  const { entry, title, done, failed: fault } = wordsOf("swap");
  expect(entry({ where: "", targets: "web1" })).toBe("swap");
  expect(title({ where: "shop", targets: "web1" })).toBe("swap shop");
  expect(done({ where: "", targets: "web1, web2" })).toBe("swap is done on web1, web2");
  expect(fault({ where: "", targets: "web1, web2" }, "web2", "web1").join(" ")).toBe(
    "swap has failed on web2; it is done on web1",
  );
});

test("what is not in its schema is not run", async () => {
  const tenant = await testTenant(t);
  const target = await tenant.target();
  const job = await accept(tenant, target, "much");
  const reach = scriptedReach(() => succeeded());
  await expect(tenant.work(job, reach)).rejects.toThrow(z.ZodError);
  expect(reach.runs).toEqual([]);
  expect((await getJob(tenant.ctx, job.id)).status).toBe("running");
});
