/** A deployment that one of its targets builds for: the others begin when that has succeeded, and only then. */
import { createHash } from "node:crypto";
import { deploy } from "@berth/domain/deployment/deploy.ts";
import { cancelJob } from "@berth/domain/engine/cancel.ts";
import { rollout } from "@berth/domain/engine/rollout.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { findJob, type Job } from "@berth/domain/job/job.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { messages, ready, t, useWorld } from "./rollouts.ts";

useWorld();

const hash = createHash("sha256").update("archive").digest("hex");
const bundle = { compose: "services:\n  web:\n    build: ./web\n", files: [], variables: {}, archives: [{ hash, bytes: 7 }] };

async function deployed(buildOn: string | undefined = "web1") {
  const { tenant, target: web1 } = await ready();
  const web2 = await tenant.target("web2", "127.0.0.2");
  messages(tenant);
  const job = await deploy(tenant.ctx, { app: "shop", bundle, targets: ["web1", "web2"], buildOn });
  const message = (target: { id: string }) => ({ job: job.id, target: target.id });
  const rollouts = async () => ((await findJob(tenant.system, job.id)) as Job).rollouts; // it is there
  return { tenant, job, web1, web2, message, rollouts };
}
const sent = (tenant: Parameters<typeof messages>[0]) => messages(tenant).map(({ target }) => target);

describe("a deployment that one of its servers builds", () => {
  test("begins elsewhere once that has succeeded, at once, and is carried there", async () => {
    const { tenant, web1, web2, message, rollouts } = await deployed();
    const reach = scriptedReach();
    expect(sent(tenant).sort()).toEqual([web1.id, web2.id].sort());
    await rollout(tenant.system, message(web2), reach);
    expect(reach.runs).toHaveLength(0);
    expect((await rollouts())[web2.id]).toMatchObject({ status: "waiting", waitsFor: "web1, which comes first", attempts: 0 });
    await rollout(tenant.system, message(web1), reach);
    expect(sent(tenant)).toEqual([web2.id]);
    await rollout(tenant.system, message(web2), reach);
    const [first, second] = reach.runs;
    expect([first?.at, first?.archives?.list, first?.values.carried]).toEqual(["127.0.0.1", [{ hash, bytes: 7 }], undefined]);
    expect([second?.at, second?.archives, second?.values.carried]).toEqual(["127.0.0.2", undefined, "1"]);
    expect(second?.values.archives).toBe(`${hash}\n`);
    expect(await findJob(tenant.system, message(web1).job)).toMatchObject({ status: "succeeded" });
  });

  test("begins nowhere else where that has failed, which is said there, and ends", async () => {
    const { tenant, job, web1, web2, message, rollouts } = await deployed();
    const reach = scriptedReach();
    await rollout(tenant.system, message(web2), reach);
    reach.next(() => failed({ class: "build.failed", message: "exit code 1" }));
    await rollout(tenant.system, message(web1), reach);
    await rollout(tenant.system, message(web2), reach);
    expect(reach.runs).toHaveLength(1);
    expect((await rollouts())[web2.id]).toMatchObject({ status: "failed", failure: { class: "not.begun" } });
    expect(await findJob(tenant.system, job.id)).toMatchObject({ status: "failed" });
  });

  test("waits elsewhere while the builder is tried again", async () => {
    const { tenant, web1, web2, message, rollouts } = await deployed();
    const reach = scriptedReach();
    reach.refuse(new RemoteError("unreachable", "away"));
    await rollout(tenant.system, message(web1), reach);
    expect((await rollouts())[web1.id]).toMatchObject({ status: "retrying" });
    expect(sent(tenant).filter((target) => target === web2.id)).toHaveLength(1); // as it was accepted
    await rollout(tenant.system, message(web2), reach);
    expect(reach.runs).toHaveLength(0);
    expect((await rollouts())[web2.id]).toMatchObject({ status: "waiting" });
  });

  test("is found by the sweep where the message that the builder is done was lost", async () => {
    const { tenant, web1, web2, message } = await deployed();
    const reach = scriptedReach();
    await rollout(tenant.system, message(web2), reach);
    await rollout(tenant.system, message(web1), reach);
    messages(tenant);
    await t.clock.advance(90);
    await sweep(t.world);
    expect(sent(tenant)).toContain(web2.id);
  });

  test("is canceled at once where it waits", async () => {
    const { tenant, job, web2, message, rollouts } = await deployed();
    await rollout(tenant.system, message(web2), scriptedReach());
    await cancelJob(tenant.ctx, job.id);
    expect((await rollouts())[web2.id]).toMatchObject({ status: "canceled" });
  });

  test("builds on its only server, and is carried nowhere", async () => {
    const { tenant } = await ready();
    messages(tenant);
    const job = await deploy(tenant.ctx, { app: "shop", bundle, buildOn: "web1" });
    expect(job.input).toBeUndefined();
  });

  test("is refused where the one that builds is none of them", async () => {
    const { tenant } = await ready();
    const asked = deploy(tenant.ctx, { app: "shop", bundle, buildOn: "web9" });
    await expect(asked).rejects.toMatchObject({
      code: "deployment.no_builder",
      detail: '"web9" is none of the targets that it goes to: web1.',
    });
  });
});
