import { expect, test } from "vitest";
import { SHARE, waitsBeside } from "./hostile-tenant.ts";

test("while one tenant asks for all it can of servers that say nothing, another's check and deploy take at most twice as long", async () => {
  const [quiet, attacked] = [await waitsBeside(false), await waitsBeside(true)];
  expect(quiet.held).toBe(0);
  expect(attacked.check).toBeLessThanOrEqual(2 * quiet.check);
  expect(attacked.deploy).toBeLessThanOrEqual(2 * quiet.deploy);
  // The attack is one: it holds all that a tenant may hold, and that is a part of the workers.
  expect(attacked.held).toBeGreaterThan(10);
  expect(attacked.held).toBeLessThanOrEqual(SHARE);
});
