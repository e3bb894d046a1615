import type { JobMessage } from "@berth/domain/job/job.ts";
import type { Exit } from "@berth/domain/remote/remote.ts";
import { afterAll } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

export const t = testWorld();

export const ready = async (plan: "solo" | "pro" = "pro") => {
  const tenant = await testTenant(t, { plan });
  const target = await tenant.target();
  await tenant.app();
  return { tenant, target };
};
export const messages = (tenant: TestTenant): (JobMessage & { delay: number })[] =>
  t.sent
    .filter(({ queue, message }) => queue === "jobs" && message.tenant === tenant.id)
    .map((each) => {
      t.sent.splice(t.sent.indexOf(each), 1);
      return { ...(each.message as unknown as JobMessage), delay: each.options.delaySeconds ?? 0 };
    });
export const turn = async (times = 20) => {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A server whose run goes on until it is told how it ends. */
export function pending() {
  const reach = scriptedReach();
  let end: (exit: Exit) => void = () => {};
  reach.always(() => new Promise<Exit>((resolve) => (end = resolve)));
  return { reach, end: (exit: Exit) => end(exit) };
}

/** Closes the world after the tests of a file. */
export function useWorld(): void {
  afterAll(() => t.close());
}
