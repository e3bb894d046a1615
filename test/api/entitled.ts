import { expect } from "vitest";
import type { Answer, TestApi } from "../support/api.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

/** What a growing verb answers in a state in which it is refused. `prepare` makes what it needs while the account is active. */
export async function refusedIn(
  api: TestApi,
  state: "none" | "grace" | "restricted" | "hold",
  ask: (tenant: TestTenant) => Promise<Answer>,
): Promise<void> {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop"));
  await tenant.work(await tenant.deploy("shop"));
  if (state === "hold") await tenant.hold();
  else await tenant.entitle(state);
  const answer = await ask(tenant);
  const code = { none: "billing.required", grace: "billing.grace", restricted: "billing.restricted", hold: "billing.hold" }[
    state
  ];
  expect(answer.body).toMatchObject({ status: 402, code });
  expect(answer.body.fix_url).toMatch(/^https?:/);
  if (state === "grace") expect(answer.body.until).toBe((await tenant.account()).graceUntil);
}
