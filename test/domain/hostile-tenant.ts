import { appStatus } from "@berth/domain/app/status.ts";
import { deploy } from "@berth/domain/deployment/deploy.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { findJob, type Job } from "@berth/domain/job/job.ts";
import { ended } from "@berth/domain/job/status.ts";
import { checkTarget } from "@berth/domain/target/target.ts";
import { functions } from "../../functions/manifest.ts";
import { scriptedReach } from "../support/reach.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { silentReach, workers } from "../support/workers.ts";
import { testWorld } from "../support/world.ts";

/** As many servers as the largest plan has: each can keep one worker that changes it. */
const SERVERS = 15;
/** The most workers that one tenant can hold at once. */
export const SHARE = SERVERS + 4;
const ROUNDS = 3;

/** All that a tenant can begin that waits for its servers, as fast as it is let. */
async function attack(hostile: TestTenant, round: number): Promise<void> {
  const names = Array.from({ length: SERVERS }, (_, i) => `web${i}`);
  const asked: Promise<unknown>[] = names.map((name) => checkTarget(hostile.ctx, name));
  for (let i = 0; i < 10; i++) {
    const bundle = { compose: COMPOSE, files: [], variables: {} };
    const made = deploy(hostile.ctx, { app: `app${i}`, environment: `e${round}`, bundle, targets: names });
    asked.push(i % 2 === 0 ? made.then(({ id }) => cancelJob(hostile.ctx, id)) : made);
    for (let j = 0; j < 10; j++) asked.push(appStatus(hostile.ctx, `app${i}`, { fresh: true }));
  }
  await Promise.allSettled(asked); // what is refused is refused
}

/** How many seconds another tenant's checks and deploys take, and how many workers were held at most. */
export async function waitsBeside(attacked: boolean): Promise<{ check: number; deploy: number; held: number }> {
  const made = testWorld();
  const [hostile, other] = [await testTenant(made, { plan: "studio" }), await testTenant(made)];
  for (let i = 0; i < SERVERS; i++) await hostile.target(`web${i}`, `127.0.1.${i + 1}`);
  for (let i = 0; i < 10; i++) await hostile.app(`app${i}`);
  await other.target();
  await other.app();
  await made.clock.advance(61); // Checks have a rate too.
  const [silent, fine] = [silentReach(), scriptedReach()];
  const pool = workers(made, functions["workers/rollout"].concurrency, (tenant) => (tenant === hostile.id ? silent.reach : fine));
  const waited = { check: 0, deploy: 0 };
  const time = async (what: keyof typeof waited, begin: () => Promise<Job>) => {
    const { id } = await begin();
    for (let seconds = 1; ; seconds++) {
      await pool.pass(1);
      const job = await findJob(other.system, id);
      if (!job || !ended(job)) continue;
      if (job.status !== "succeeded") throw new Error(`the other tenant's ${what} ${job.status}`);
      waited[what] = Math.max(waited[what], seconds);
      return;
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    if (attacked) await attack(hostile, round);
    await pool.pass(5);
    await time("check", () => checkTarget(other.ctx, "web1"));
    await time("deploy", () => other.deploy("shop"));
    await pool.pass(55);
  }
  made.close();
  return { ...waited, held: silent.most() };
}
