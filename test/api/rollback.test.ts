import { expect } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { covers } from "./covers.ts";
import { api, post, ready, useApi } from "./deploying.ts";
import { refusedIn } from "./entitled.ts";
import { overtaken } from "./overtaken.ts";

useApi();

const rollBack = post("/v1/apps/shop/rollback");

covers("rollback", "202", "goes back to the release before the live one, and permitted in grace", async () => {
  const { tenant, token } = await ready();
  for (let i = 0; i < 3; i++) await tenant.work(await tenant.deploy("shop"));
  await tenant.entitle("grace");
  for (const expected of [2, 1]) {
    const answer = await rollBack(tenant);
    expect(answer.body).toMatchObject({ kind: "deployment", release: expected, rollback: true });
    expect(await tenant.work(answer.body)).toMatchObject({ status: "succeeded" });
  }
  await tenant.entitle("active");
  expect((await api.call("GET", "/v1/apps/shop", { token })).body.environments[0]).toMatchObject({ release: 1, releases: 3 });
  const forward = await post("/v1/apps/shop/rollback", { release: 3 })(tenant);
  expect(await tenant.work(forward.body)).toMatchObject({ status: "succeeded", release: 3 });
  expect((await rollBack(tenant)).body.release).toBe(2);
});

covers("rollback", "release.none_earlier", "with nothing to go back to it says so", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  expect((await rollBack(tenant)).body).toMatchObject({ status: 409, code: "release.none_earlier" });
});

covers("rollback", "release.never_healthy", "not to a release that was never healthy", async () => {
  const { tenant } = await ready();
  await tenant.work(await tenant.deploy("shop"));
  const reach = scriptedReach(() => failed({ class: "unhealthy", step: "verify", changed: true, rolledBack: true }));
  await tenant.work(await tenant.deploy("shop"), reach);
  const answer = await post("/v1/apps/shop/rollback", { release: 2 })(tenant);
  expect(answer.body).toMatchObject({ status: 409, code: "release.never_healthy" });
});

covers("rollback", "release.live", "not to what serves everywhere already: that is started", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  expect((await post("/v1/apps/shop/rollback", { release: 2 })(tenant)).body).toMatchObject({
    status: 409,
    code: "release.live",
    next: ["berth app start shop"],
  });
});

covers("rollback", "release.too_old", "not further back than the last twenty that were healthy", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 22; i++) await tenant.work(await tenant.deploy("shop"));
  expect((await post("/v1/apps/shop/rollback", { release: 1 })(tenant)).body).toMatchObject({
    status: 409,
    code: "release.too_old",
  });
  expect((await post("/v1/apps/shop/rollback", { release: 2 })(tenant)).status).toBe(202);
});

covers("rollback", "release.not_found", "a release that is not there is not found", async () => {
  const { tenant } = await ready();
  expect((await post("/v1/apps/shop/rollback", { release: 9 })(tenant)).body).toMatchObject({
    status: 404,
    code: "release.not_found",
  });
});

covers("rollback", "app.not_found", "an app that is not there is not found", async () => {
  const { tenant } = await ready();
  expect((await post("/v1/apps/other/rollback")(tenant)).body.code).toBe("app.not_found");
});

covers("rollback", "app.busy", "not while a deploy is under way", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  await tenant.deploy("shop");
  expect((await rollBack(tenant)).body).toMatchObject({ status: 409, code: "app.busy" });
});

covers("rollback", "version.stale", "who is overtaken again and again is told so", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  expect((await overtaken(api, tenant, () => rollBack(tenant))).body).toMatchObject({ status: 409, code: "version.stale" });
});

covers("rollback", "deployment.too_many", "not while a hundred wait", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  await tenant.crowd(100);
  expect((await rollBack(tenant)).body.code).toBe("deployment.too_many");
});

covers("rollback", "idempotency.mismatch", "a key used for another release is refused", async () => {
  const { tenant } = await ready();
  for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop"));
  const headers = { "idempotency-key": "k" };
  expect((await post("/v1/apps/shop/rollback", {}, headers)(tenant)).status).toBe(202);
  expect((await post("/v1/apps/shop/rollback", { release: 1 }, headers)(tenant)).body.code).toBe("idempotency.mismatch");
});

covers("rollback", "billing.required", "needs a plan", () => refusedIn(api, "none", rollBack));
covers("rollback", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", rollBack));
