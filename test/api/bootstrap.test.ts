import { listAudit } from "@berth/domain/audit/audit.ts";
import { get } from "@berth/domain/query.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { passwordKey, takePassword } from "@berth/domain/target/password.ts";
import { expect, test } from "vitest";
import { HOST_KEY, scriptedReach } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { added, api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";

useApi();

const PASSWORD = "canary-8c2d$\"'\\ü";
const ask = (token: string, password: unknown = PASSWORD) =>
  api.call("POST", "/v1/targets/web1/bootstrap", { token, body: { password } });
async function confirmed() {
  const tenant = await testTenant(api);
  const { id } = await tenant.target();
  return { tenant, id, token: await tenant.token() };
}
/** How its one job ended, on servers that refuse the password like this. */
async function ends(refusal?: RemoteError) {
  const { tenant, token } = await confirmed();
  const reach = scriptedReach();
  if (refusal) reach.refusePassword(refusal);
  const { body } = await ask(token);
  return { tenant, token, reach, job: await tenant.work(body, reach) };
}

covers("bootstrapTarget", "202", "the password lets the target's own key in, once, and is then nowhere", async () => {
  const { tenant, id, token } = await confirmed();
  const reach = scriptedReach();
  const { status, body, text } = await ask(token);
  expect(status).toBe(202);
  expect(await get(tenant.system, passwordKey(tenant.ctx, body.id))).toMatchObject({ sealed: { data: expect.any(String) } });
  expect(await tenant.work(body, reach)).toMatchObject({ kind: "target.bootstrap", status: "succeeded" });
  const { body: target } = await api.call("GET", "/v1/targets/web1", { token });
  expect(reach.letIns).toEqual([{ password: PASSWORD, publicKey: target.publicKey, at: target.host }]);
  expect(await get(tenant.system, passwordKey(tenant.ctx, body.id))).toBeUndefined();
  expect(text + api.dump()).not.toContain("canary-8c2d");
  const { items } = await listAudit(tenant.ctx, { limit: 20 });
  for (const action of ["target.bootstrap", "target.bootstrapped"])
    expect(items.filter((line) => line.action === action)).toMatchObject([{ subject: id, subjectName: "web1" }]);
});

test("a password that is wrong, refused or not enough is told apart from a server that is away, and none of them keeps it", async () => {
  for (const kind of ["password.wrong", "password.refused", "password.more", "key.failed", "unreachable", "refused"] as const) {
    const { tenant, job } = await ends(new RemoteError(kind, `the server quotes ${PASSWORD}`));
    expect(job, kind).toMatchObject({ status: "failed", failure: { class: kind } });
    expect(JSON.stringify(job)).not.toContain("canary-8c2d");
    expect(await get(tenant.system, passwordKey(tenant.ctx, job.id))).toBeUndefined();
  }
  expect(api.dump()).not.toContain("canary-8c2d");
});

test("a key that was let in and is not accepted is a failure of its own", async () => {
  const { tenant, token } = await confirmed();
  const reach = scriptedReach();
  reach.refuse(new RemoteError("auth.failed", "no"));
  const job = await tenant.work((await ask(token)).body, reach);
  expect(job).toMatchObject({ failure: { class: "key.ignored" } });
});

test("a worker that dies with the password leaves none: the next one only looks whether the key is in, and says so if not", async () => {
  for (const [refusal, end] of [
    [undefined, { status: "succeeded" }],
    [new RemoteError("auth.failed", "no"), { status: "failed", failure: { class: "password.used" } }],
  ] as const) {
    const { tenant, id, token } = await confirmed();
    const { body } = await ask(token);
    expect(await takePassword(tenant.system, id, body.id)).toBe(PASSWORD);
    expect(await takePassword(tenant.system, id, body.id)).toBeUndefined();
    const reach = scriptedReach();
    if (refusal) reach.refuse(refusal);
    expect(await tenant.work(body, reach)).toMatchObject(end);
    expect(reach.letIns).toEqual([]);
  }
});

test("a job that is canceled before it begins keeps no password", async () => {
  const { tenant, token } = await confirmed();
  const { body } = await ask(token);
  expect((await api.call("POST", `/v1/jobs/${body.id}/cancel`, { token })).body).toMatchObject({ status: "canceled" });
  expect(await get(tenant.system, passwordKey(tenant.ctx, body.id))).toBeUndefined();
});

test("a server that shows another host key is not given the password", async () => {
  const { tenant, token } = await confirmed();
  const reach = scriptedReach();
  reach.hostKey = { ...HOST_KEY, key: "AAAAother", fingerprint: `SHA256:${"o".repeat(43)}` };
  expect(await tenant.work((await ask(token)).body, reach)).toMatchObject({ failure: { class: "hostkey.changed" } });
  expect(reach.letIns).toEqual([]);
});

covers("bootstrapTarget", "target.untrusted", "no password is taken before somebody has confirmed the host key", async () => {
  const { token } = await added();
  expect((await ask(token)).body).toMatchObject({ status: 409, code: "target.untrusted" });
});

covers("bootstrapTarget", "target.not_found", "an unknown server is not found", async () => {
  const token = await (await testTenant(api)).token();
  expect((await ask(token)).body.code).toBe("target.not_found");
});

covers("bootstrapTarget", "target.bootstrapping", "while one is being tried no other is taken, also of two at once", async () => {
  const { token } = await confirmed();
  const answers = await Promise.all([ask(token), ask(token)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  expect((await ask(token)).body.code).toBe("target.bootstrapping");
});

covers("bootstrapTarget", "rate.limited", "three passwords in ten minutes, and then no more for that server", async () => {
  const { tenant, token } = await confirmed();
  for (let i = 0; i < 3; i++) await tenant.work((await ask(token)).body, scriptedReach());
  expect((await ask(token)).body.code).toBe("rate.limited");
  await api.clock.advance(601);
  expect((await ask(token)).status).toBe(202);
});

test("a password is a line of text", async () => {
  const { token } = await confirmed();
  for (const password of ["", "new\nline", "nul\0nul", "x".repeat(1025), 1, undefined])
    expect((await ask(token, password ?? null)).body.code).toBe("input.invalid");
});

const asOwner = async (tenant: TestTenant) => ask(await tenant.token());
covers("bootstrapTarget", "billing.required", "needs a plan", () => refusedIn(api, "none", asOwner));
covers("bootstrapTarget", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", asOwner));
covers("bootstrapTarget", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", asOwner));
covers("bootstrapTarget", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", asOwner));
