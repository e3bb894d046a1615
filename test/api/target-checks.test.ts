import { limit } from "@berth/domain/rate-limit.ts";
import { putOne } from "@berth/domain/table.ts";
import { findTarget, targetKey } from "@berth/domain/target/target.ts";
import { expect, test } from "vitest";
import { HOST_KEY, lost, scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { added, api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { between } from "./overtaken.ts";

useApi();

covers("trustTarget", "202", "the confirmed key is pinned and the server is checked with it", async () => {
  const { tenant, token, job } = await added();
  await tenant.work(job);
  const answer = await api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint: HOST_KEY.fingerprint } });
  expect(answer.status).toBe(202);
  await tenant.work(answer.body.job);
  const { body: found } = await api.call("GET", "/v1/targets/web1", { token });
  expect(found).toMatchObject({ status: "ready", hostKey: HOST_KEY, facts: { arch: "x86_64" } });
});

covers("trustTarget", "auth.proof", "who proved nothing lately confirms no host key", async () => {
  const { tenant, token, job } = await added();
  await tenant.work(job);
  await api.clock.advance(901);
  const answer = await api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint: HOST_KEY.fingerprint } });
  expect(answer.body).toMatchObject({ status: 403, code: "auth.proof" });
});

covers("trustTarget", "target.untrusted", "a key that was not shown yet cannot be confirmed", async () => {
  const { token } = await added();
  const answer = await api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint: HOST_KEY.fingerprint } });
  expect(answer.body).toMatchObject({ status: 409, code: "target.untrusted" });
});

covers(
  "trustTarget",
  "target.key_mismatch",
  "another fingerprint than the one shown is refused, with the one shown",
  async () => {
    const { tenant, token, job } = await added();
    await tenant.work(job);
    const answer = await api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint: `SHA256:${"x".repeat(43)}` } });
    expect(answer.body).toMatchObject({ status: 409, code: "target.key_mismatch", fingerprint: HOST_KEY.fingerprint });
  },
);

test("a key that the server shows between the look and its confirmation is not confirmed unseen", async () => {
  const { tenant, token, target, job } = await added();
  await tenant.work(job);
  const other = { ...HOST_KEY, key: "AAAAother", fingerprint: `SHA256:${"o".repeat(43)}` };
  const shows = async () =>
    putOne(tenant.ctx, targetKey(tenant.ctx, target.id), { ...(await findTarget(tenant.ctx, target.id)), shownKey: other });
  const answer = await between(api, shows, () =>
    api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint: HOST_KEY.fingerprint } }),
  );
  expect(answer.body).toMatchObject({ status: 409, code: "target.key_mismatch" });
  const { body: found } = await api.call("GET", "/v1/targets/web1", { token });
  expect(found).toMatchObject({ status: "untrusted", shownKey: other });
  expect(found.hostKey).toBeUndefined();
});

covers("trustTarget", "target.not_found", "an unknown server is not found", async () => {
  const { token } = await added();
  const answer = await api.call("POST", "/v1/targets/other/trust", { token, body: { fingerprint: HOST_KEY.fingerprint } });
  expect(answer.body.code).toBe("target.not_found");
});

covers("trustTarget", "idempotency.mismatch", "a key used for another request is refused", async () => {
  const { tenant, token, job } = await added();
  await tenant.work(job);
  const headers = { "idempotency-key": "k" };
  const trust = (fingerprint: string) => api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint }, headers });
  expect((await trust(HOST_KEY.fingerprint)).status).toBe(202);
  expect((await trust(`SHA256:${"x".repeat(43)}`)).body.code).toBe("idempotency.mismatch");
});

covers("trustTarget", "idempotency.busy", "of two at once with one key one confirms and one is told to ask again", async () => {
  const { tenant, token, job } = await added();
  await tenant.work(job);
  const once = () =>
    api.call("POST", "/v1/targets/web1/trust", {
      token,
      body: { fingerprint: HOST_KEY.fingerprint },
      headers: { "idempotency-key": "k" },
    });
  const answers = await Promise.all([once(), once()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  expect(answers.find(({ status }) => status === 409)?.body.code).toBe("idempotency.busy");
});

covers("checkTarget", "202", "a look says what is missing and what to do about it", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  const token = await tenant.token();
  const reach = scriptedReach();
  reach.next(lost("unreachable"));
  await tenant.work((await api.call("POST", "/v1/targets/web1/check", { token })).body, reach);
  const { body: found } = await api.call("GET", "/v1/targets/web1", { token });
  expect(found).toMatchObject({
    status: "unready",
    problem: { class: "unreachable", remedy: expect.stringContaining("firewall") },
  });
});

test("a server that shows another host key is marked, is sent nothing, and needs a person to confirm the new one", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  const token = await tenant.token();
  const reach = scriptedReach();
  reach.hostKey = { ...HOST_KEY, key: "AAAAother", fingerprint: `SHA256:${"o".repeat(43)}` };
  await tenant.work((await api.call("POST", "/v1/targets/web1/check", { token })).body, reach);
  const changed = (await api.call("GET", "/v1/targets/web1", { token })).body;
  expect(changed).toMatchObject({ status: "changed", hostKey: HOST_KEY, shownKey: reach.hostKey });
  expect(reach.runs).toEqual([]);
  const { body: trusted } = await api.call("POST", "/v1/targets/web1/trust", {
    token,
    body: { fingerprint: reach.hostKey.fingerprint },
  });
  await tenant.work(trusted.job, reach);
  expect((await api.call("GET", "/v1/targets/web1", { token })).body.status).toBe("ready");
});

covers("trustTarget", "rate.limited", "a key confirmed again and again does not check the server without end", async () => {
  const { tenant, token } = await added();
  for (let i = 0; i < 30; i++) await limit(api.world, `trusts#${tenant.id}`, { most: 30, seconds: 60 });
  await tenant.drain();
  const answer = await api.call("POST", "/v1/targets/web1/trust", { token, body: { fingerprint: HOST_KEY.fingerprint } });
  expect(answer.body).toMatchObject({ status: 429, code: "rate.limited" });
});

covers("checkTarget", "rate.limited", "the thirty-first look within a minute is refused with the time to wait", async () => {
  const { token } = await added();
  const look = () => api.call("POST", "/v1/targets/web1/check", { token });
  const answers = [];
  for (let i = 0; i < 30; i++) answers.push(await look());
  const refused = answers.at(-1);
  expect(answers.slice(0, 29).map(({ status }) => status)).toEqual(Array.from({ length: 29 }, () => 202));
  expect(refused?.body).toMatchObject({ status: 429, code: "rate.limited" });
  await api.clock.advance(Number(refused?.headers.get("retry-after")));
  expect((await look()).status).toBe(202);
  api.take("jobs");
});

test("a server that is being looked at is not looked at twice: who asks meanwhile gets the look that is under way", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  const token = await tenant.token();
  const look = async () => (await api.call("POST", "/v1/targets/web1/check", { token })).body;
  const first = await look();
  expect((await look()).id).toBe(first.id);
  await tenant.work(first);
  expect((await look()).id).not.toBe(first.id);
});

covers("checkTarget", "target.not_found", "an unknown server is not found", async () => {
  const { token } = await added();
  expect((await api.call("POST", "/v1/targets/other/check", { token })).body.code).toBe("target.not_found");
});

covers("checkTarget", "idempotency.mismatch", "a key used for another server is refused", async () => {
  const tenant = await testTenant(api);
  await tenant.target("one");
  await tenant.target("two");
  const token = await tenant.token();
  const check = (name: string) => api.call("POST", `/v1/targets/${name}/check`, { token, headers: { "idempotency-key": "k" } });
  const first = await check("one");
  expect((await check("one")).body).toEqual(first.body);
  expect((await check("two")).body.code).toBe("idempotency.mismatch");
});

covers("checkTarget", "idempotency.busy", "of two at once with one key there is one job", async () => {
  const { token } = await added();
  const check = () => api.call("POST", "/v1/targets/web1/check", { token, headers: { "idempotency-key": "k" } });
  const answers = await Promise.all([check(), check(), check()]);
  // Who meets the other in the same moment is told to come again; who comes a moment later gets the job that is under way.
  expect(answers.every(({ body }) => body.id !== undefined || body.code === "idempotency.busy")).toBe(true);
  expect(new Set(answers.flatMap(({ body }) => body.id ?? [])).size).toBe(1);
});
