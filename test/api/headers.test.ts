import { afterAll, expect, test } from "vitest";
import { pageHeaders } from "../../packages/web/src/headers.ts";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";

const api = testApi();
const broken = testApi({ over: { send: () => Promise.reject(new Error("the queue is gone")) } });
afterAll(() => {
  api.close();
  broken.close();
});

const security = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

test("every answer may be had over HTTPS alone for two years to come and is no page: refusals, streams and our own errors too", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const job = await tenant.work(await tenant.deploy("shop"));
  const token = await tenant.token();
  const stream = { accept: "text/event-stream" };
  const answers = [
    [200, await api.call("GET", "/health")],
    [200, await api.call("GET", "/v1/me", { token })],
    [200, await api.call("GET", `/v1/jobs/${job.id}/events`, { token, headers: stream })],
    [204, await api.call("DELETE", `/v1/tokens/${(await api.call("GET", "/v1/tokens", { token })).body.items[0].id}`, { token })],
    [401, await api.call("GET", "/v1/me")],
    [404, await api.call("GET", "/v1/none")],
    [404, await api.call("GET", "/none")],
    [415, await api.call("POST", "/v1/auth/code", { body: "{}", headers: { "content-type": "text/plain" } })],
    [422, await api.call("POST", "/v1/auth/code", { body: {} })],
    [500, await broken.call("POST", "/v1/auth/code", { body: { email: "ada@example.com" } })],
  ] as const;
  for (const [status, answer] of answers) {
    expect(answer.status, answer.text).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject(security);
    expect(answer.headers.get("strict-transport-security")).toMatch(/^max-age=63072000; includeSubDomains$/);
  }
});

test("pages and the API of one origin say the same of HTTPS", async () => {
  const { headers } = await api.call("GET", "/health");
  expect(headers.get("strict-transport-security")).toBe(pageHeaders["strict-transport-security"]);
});
