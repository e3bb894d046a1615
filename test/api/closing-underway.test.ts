import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { appKey } from "@berth/domain/app/app.ts";
import { syncCustomer } from "@berth/domain/billing/standing/sync.ts";
import { finishClosing } from "@berth/domain/closing/closing.ts";
import { accountKey } from "@berth/domain/entitlement/account.ts";
import { commit, key, put, putOne } from "@berth/domain/table.ts";
import { expect, test } from "vitest";
import { COMPOSE } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, close, due, left, type Owner, owner, soon, stage, useStripeStage } from "./owner.ts";

useStripeStage();

/** What is refused to an account that is being closed. */
async function halfClosed(): Promise<Owner> {
  const ann = await owner();
  const closing = { by: ann.user.id, apps: [], mails: [ann.email] };
  const mark = { closingAt: stage.test.world.now().toISOString(), closing, kind: "ended", duePk: "CLOSING#0", dueAt: "2020" };
  await putOne(ann.ctx, accountKey(ann.ctx), { ...(await ann.account()), ...mark });
  return ann;
}
const refusedIn = async (method: string, path: string, body?: object) => {
  const ann = await halfClosed();
  const answer = await api.call(method, `/v1${path}`, { session: ann.session, ...(body && { body }) });
  expect(answer.body).toMatchObject({ status: 409, code: "account.closing" });
};
covers("startCheckout", "account.closing", "no page to pay on while the account is closed", () =>
  refusedIn("POST", "/billing/checkout", { plan: "solo" }),
);
covers("changePlan", "account.closing", "no plan is changed while the account is closed", () =>
  refusedIn("POST", "/billing/plan", { plan: "studio" }),
);
covers("openPortal", "account.closing", "no portal while the account is closed", () => refusedIn("POST", "/billing/portal"));
covers("createToken", "account.closing", "no token while the account is closed", () =>
  refusedIn("POST", "/tokens", { name: "n", scopes: ["read"] }),
);
covers("addDeployer", "account.closing", "no deployer while the account is closed", async () => {
  const ann = await halfClosed();
  await commit(
    ann.ctx,
    put(ann.ctx, appKey(ann.ctx, "shop"), {
      id: "app_1",
      name: "shop",
      template: "compose",
      active: [],
      createdAt: "2026-01-01T00:00:00.000Z",
      version: 1,
    }),
  );
  const body = { provider: "github", app: "shop", repository: "me/shop", ref: "refs/heads/main" };
  const answer = await api.call("POST", "/v1/deployers", { session: ann.session, body });
  expect(answer.body).toMatchObject({ status: 409, code: "account.closing" });
});
test("nothing is deployed, made or added while the account is closed, and a sync does not open it again", async () => {
  await refusedIn("POST", "/apps", { name: "late" });
  await refusedIn("POST", "/targets", { name: "web9", host: "127.0.0.1" });
  const ann = await halfClosed();
  await ann.app("shop").catch(() => undefined);
  expect(await syncCustomer(stage.test.world, await ann.customer())).toBe("foreign");
  expect(await ann.account()).toMatchObject({ kind: "ended" });
  const answer = await api.call("POST", "/v1/apps/shop/deployments", {
    session: ann.session,
    body: { bundle: { compose: COMPOSE } },
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
});
covers("verifyCode", "account.closing", "nobody signs in to an account that is being closed", async () => {
  const ann = await halfClosed();
  const { browser } = await api.call("POST", "/v1/auth/code", { body: { email: ann.email } });
  const asked = { browser, body: { email: ann.email, code: api.code(ann.email) } };
  const { body } = await api.call("POST", "/v1/auth/verify", asked);
  expect(body).toMatchObject({ status: 409, code: "account.closing" });
});

test("the address signs up again as somebody new, with nothing of before", async () => {
  const ann = await owner();
  await close(ann.session);
  const session = await api.signIn(ann.email);
  const me = (await api.call("GET", "/v1/me", { session })).body;
  expect(me.tenant).not.toBe(ann.id);
  expect(
    (await api.call("GET", "/v1/audit", { session })).body.items.map(({ action }: { action: string }) => action),
  ).not.toContain("tenant.close");
  await due();
  expect((await api.call("GET", "/v1/me", { session })).status).toBe(200);
});

test("who signs up again while the old account is still being erased keeps the new one", async () => {
  const ann = await halfClosed();
  await putOne(ann.ctx, key(ann.ctx, "JOB#job_left"), {
    id: "job_left",
    kind: "target.check",
    status: "succeeded",
    rollouts: {},
    by: { kind: "user", id: "u" },
    createdAt: stage.test.world.now().toISOString(),
    version: 1,
  });
  expect(await finishClosing(stage.test.world, ann.id, stage.test.world.now())).toBe("closing");
  const tenantOf = async () => (await api.call("GET", "/v1/me", { session: await api.signIn(ann.email) })).body.tenant;
  const fresh = await tenantOf();
  expect(fresh).not.toBe(ann.id);
  expect(await finishClosing(stage.test.world, ann.id, soon())).toBe("closed");
  expect(await tenantOf()).toBe(fresh);
  await stage.test.clock.advance(3601);
  await due();
  expect(await tenantOf()).toBe(fresh);
});

test("killed after any of its writes, closing is gone on with to the same end", async () => {
  const { client } = stage.test.world.table;
  const send = client.send.bind(client);
  let ends = 0;
  for (let at = 1; ends === 0 || at <= 3; at++) {
    const ann = await halfClosed();
    let writes = 0;
    client.send = (async (...given: Parameters<typeof send>) => {
      const answer = await send(...given);
      if (given[0] instanceof TransactWriteCommand && ++writes === at) throw new Error("killed");
      return answer;
    }) as typeof send; // of its overloads only the one without a callback is ever called
    const first = await finishClosing(stage.test.world, ann.id, soon()).catch(() => "killed");
    client.send = send;
    if (first === "closed") ends++;
    else expect(first).toBe("killed");
    expect(await finishClosing(stage.test.world, ann.id, soon())).toBe("closed");
    expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
    expect(ann.mails().at(-1)).toBe("closed");
  }
});

test("what a request that was still under way leaves behind is swept an hour later, once", async () => {
  const ann = await owner();
  await close(ann.session);
  await putOne(ann.ctx, key(ann.ctx, "JOB#job_late"), {
    id: "job_late",
    kind: "target.check",
    status: "succeeded",
    rollouts: {},
    by: { kind: "user", id: ann.email },
    createdAt: stage.test.world.now().toISOString(),
    version: 1,
  });
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS", "TENANT"], named: true });
  await due();
  expect(left(ann).rows).toContain("TENANT");
  await stage.test.clock.advance(3601);
  expect((await due()).swept).toBeGreaterThan(0);
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
  expect((await due()).swept).toBe(0);
});

test("an account too large for one go is closed in several", async () => {
  const ann = await halfClosed();
  for (let count = 0; count < 5; count++)
    await putOne(ann.ctx, key(ann.ctx, `JOB#job_${count}`), {
      id: `job_${count}`,
      kind: "target.check",
      status: "succeeded",
      rollouts: {},
      by: { kind: "user", id: "u" },
      createdAt: stage.test.world.now().toISOString(),
      version: 1,
    });
  let turns = 0;
  while ((await finishClosing(stage.test.world, ann.id, stage.test.world.now())) === "closing") turns++;
  expect(turns).toBeGreaterThan(4);
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
});
