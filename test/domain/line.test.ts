import { connectionFailure } from "@berth/domain/job/failure.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { expect, test } from "vitest";
import { lost, scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

test("a server that is silent while it is being connected to is tried again later, like one that is out of reach", async () => {
  const t = testWorld();
  const tenant = await testTenant(t);
  await tenant.target();
  await tenant.app();
  const job = await tenant.work(await tenant.deploy("shop"), scriptedReach(lost("timeout")));
  expect(Object.values(job.rollouts)[0]).toMatchObject({ status: "retrying", retries: 1, failure: { class: "unreachable" } });
  t.close();
});

test("a run that took too long on the server keeps its own class", () => {
  expect(connectionFailure(new RemoteError("timeout", "silent")).class).toBe("unreachable");
  expect(connectionFailure(new RemoteError("aborted", "let go")).class).toBe("dropped");
});
