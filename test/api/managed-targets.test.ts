import { RemoteError } from "@berth/domain/remote/remote.ts";
import { expect } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";

useApi();

const ssm = { instance: "i-0abc1234def567890", region: "eu-central-1", role: "arn:aws:iam::111122223333:role/berth" };
const body = { name: "web2", ssm };

async function managed() {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const answer = await api.call("POST", "/v1/targets", { token, body });
  const show = async () => (await api.call("GET", "/v1/targets/web2", { token })).body;
  return { tenant, token, status: answer.status, show, ...answer.body };
}

covers(
  "addTarget",
  "201",
  "a server that SSM manages has no key: it says whom its role is to trust, and is checked at once",
  async () => {
    const { tenant, token, status, target, job, show } = await managed();
    expect(status).toBe(201);
    expect(target).toMatchObject({ host: ssm.instance, user: "root", status: "unchecked" });
    expect(target.ssm).toEqual({ region: ssm.region, role: ssm.role, account: "999988887777", externalId: tenant.id });
    expect(Object.keys(target)).not.toContain("publicKey");
    const reach = scriptedReach();
    await tenant.work(job, reach);
    expect(reach.runs).toMatchObject([{ op: "check", at: ssm.instance }]);
    expect(await show()).toMatchObject({ status: "ready", facts: { docker: expect.any(String) } });
    expect(api.dump()).not.toContain(`SSHKEY#${target.id}`);
    expect((await api.call("DELETE", "/v1/targets/web2", { token })).status).toBe(204);
  },
);

covers("addTarget", "201", "each tenant's role has to ask for an external id of that tenant's own", async () => {
  const [one, two] = [await managed(), await managed()];
  expect(one.target.ssm.externalId).not.toBe(two.target.ssm.externalId);
});

covers("addTarget", "201", "takes an instance, a Region and a role of that name, and nothing else", async () => {
  const token = await (await testTenant(api)).token();
  const ask = (more: object) => api.call("POST", "/v1/targets", { token, body: { ...body, ssm: { ...ssm, ...more } } });
  for (const instance of ["web1", "i-0ABC1234def567890", "i-0abc1234def56789", "i-0abc1234def567890;id", ""])
    expect((await ask({ instance })).status, instance).toBe(422);
  for (const region of ["eu", "eu-central-1.evil.example", "eu-central-1/", "EU-CENTRAL-1"])
    expect((await ask({ region })).status, region).toBe(422);
  for (const role of [
    "berth",
    "arn:aws:iam::111122223333:role/admin",
    "arn:aws:iam::1:role/berth",
    `${ssm.role}'`,
    `${ssm.role} x`,
  ])
    expect((await ask({ role })).status, role).toBe(422);
});

covers("addTarget", "target.address", "a role of Berth's own account is refused", async () => {
  const token = await (await testTenant(api)).token();
  const role = "arn:aws:iam::999988887777:role/berth-dev";
  expect((await api.call("POST", "/v1/targets", { token, body: { ...body, ssm: { ...ssm, role } } })).body).toMatchObject({
    code: "target.address",
  });
});

covers("addTarget", "target.address", "a server is reached by SSH or by SSM, not by both and not by neither", async () => {
  const token = await (await testTenant(api)).token();
  for (const more of [{ ...body, host: "127.0.0.1" }, { name: "web2" }]) {
    const answer = await api.call("POST", "/v1/targets", { token, body: more });
    expect(answer.body).toMatchObject({ code: "target.address", detail: expect.stringContaining("`ssm`") });
  }
});

covers("checkTarget", "202", "why SSM lets nobody in is kept with the target, and gone with the next good check", async () => {
  const { tenant, token, job, show } = await managed();
  const reach = scriptedReach();
  reach.refuse(new RemoteError("role.denied", "User is not authorized to perform: sts:AssumeRole"));
  await tenant.work(job, reach);
  expect(await show()).toMatchObject({ status: "unready", problem: { class: "role.denied" } });
  const again = await api.call("POST", "/v1/targets/web2/check", { token });
  await tenant.work(again.body);
  expect((await show()).problem).toBeUndefined();
});

covers("createDeployment", "202", "a release goes to a server by SSM as to any other", async () => {
  const { tenant, token, target, job } = await managed();
  await tenant.work(job);
  await tenant.app("shop");
  const reach = scriptedReach();
  const done = await tenant.work(await tenant.deploy("shop", { targets: ["web2"] }), reach);
  expect(done.status).toBe("succeeded");
  expect(reach.runs.map(({ op, at }) => [op, at])).toContainEqual(["deploy", ssm.instance]);
  expect(done.rollouts[target.id]).toMatchObject({ status: "succeeded" });
  expect((await api.call("DELETE", "/v1/targets/web2", { token })).body.code).toBe("target.in_use");
});

covers("createDeployment", "202", "a server whose agent is silent, or whose account is slowed down, is tried again", async () => {
  for (const kind of ["agent.silent", "aws.throttled"] as const) {
    const { tenant, target, job } = await managed();
    await tenant.work(job);
    await tenant.app("shop");
    const reach = scriptedReach();
    reach.refuse(new RemoteError(kind, "scripted"));
    const done = await tenant.work(await tenant.deploy("shop"), reach);
    expect(done.rollouts[target.id], kind).toMatchObject({ status: "retrying", retries: 1 });
  }
});

const noSsh = { status: 409, code: "target.not_by_ssh" };
covers("trustTarget", "target.not_by_ssh", "there is no host key to confirm of a server that SSM manages", async () => {
  const { tenant } = await managed();
  const token = await tenant.token();
  const answer = await api.call("POST", "/v1/targets/web2/trust", { token, body: { fingerprint: `SHA256:${"f".repeat(43)}` } });
  expect(answer.body).toMatchObject(noSsh);
});

covers("bootstrapTarget", "target.not_by_ssh", "there is no password to use for a server that SSM manages", async () => {
  const { token } = await managed();
  const answer = await api.call("POST", "/v1/targets/web2/bootstrap", { token, body: { password: "secret" } });
  expect(answer.body).toMatchObject(noSsh);
});

covers("checkRegistry", "202", "a login is tried on a server that SSM manages as on any other", async () => {
  const { tenant, token, job } = await managed();
  await tenant.work(job);
  await api.call("POST", "/v1/registries", { token, body: { host: "ghcr.io", user: "mona", password: "secret" } });
  const asked = await api.call("POST", "/v1/registries/ghcr.io/check", { token, body: {} });
  expect(asked.status, asked.text).toBe(202);
  const reach = scriptedReach();
  await tenant.work(asked.body, reach);
  expect(reach.runs).toMatchObject([{ op: "login", at: ssm.instance }]);
});

covers(
  "addTarget",
  "auth.proof",
  "a server that is trusted at once is added only by who has just proved to be there",
  async () => {
    const tenant = await testTenant(api);
    const ask = async (proved: boolean, asked: object) =>
      api.call("POST", "/v1/targets", { token: await tenant.token(undefined, { proved }), body: asked });
    expect((await ask(false, body)).body.code).toBe("auth.proof");
    expect((await ask(false, { name: "web1", host: "192.0.2.7" })).status).not.toBe(403);
    expect((await ask(true, body)).status).toBe(201);
  },
);
