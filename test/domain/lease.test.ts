import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { LEASE_SECONDS, renewLease, takeLease } from "@berth/domain/engine/lease.ts";
import { findTarget } from "@berth/domain/target/target.ts";
import { afterAll, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

test("a lease that is renewed between another's look and its grasp is not taken", async () => {
  const tenant = await testTenant(t);
  const { id } = await tenant.target();
  await tenant.app();
  await tenant.app("blog");
  const first = await tenant.deploy("shop");
  await t.clock.advance(1);
  const second = await tenant.deploy("blog");
  const taken = await takeLease(tenant.system, id, first.id, []);
  if (taken.kind !== "taken") throw new Error("nobody else holds it");
  await t.clock.advance(LEASE_SECONDS + 1);
  const { client, name } = t.world.table;
  let renewed = false;
  const send = (async (command: UpdateCommand) => {
    if (command instanceof UpdateCommand && !renewed) {
      renewed = true;
      expect(await renewLease(tenant.system, id, taken.fence)).toBe(true);
    }
    return client.send(command);
  }) as unknown as typeof client.send;
  const late = await takeLease({ ...tenant.system, table: { name, client: { send } } }, id, second.id, [first.id]);
  expect(late).toEqual({ kind: "waits", behind: first.id });
  expect((await findTarget(tenant.ctx, id)).lease?.job).toBe(first.id);
});

test("a job that was here before does not wait in line behind one that waits for it to end", async () => {
  const tenant = await testTenant(t);
  const { id } = await tenant.target();
  await tenant.app();
  await tenant.app("blog");
  const older = await tenant.deploy("shop");
  await t.clock.advance(1);
  const begun = await tenant.deploy("blog");
  const taken = await takeLease(tenant.system, id, begun.id, [older.id]);
  expect(taken.kind).toBe("taken");
  expect(await takeLease(tenant.system, id, older.id, [])).toEqual({ kind: "waits", behind: begun.id });
  await t.clock.advance(LEASE_SECONDS + 1);
  expect(await takeLease(tenant.system, id, begun.id, [older.id])).toEqual({ kind: "waits", behind: older.id });
  expect(await takeLease(tenant.system, id, begun.id, [])).toMatchObject({ kind: "taken" });
});
