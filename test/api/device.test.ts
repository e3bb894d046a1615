import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

const start = async (ip = "203.0.113.7") =>
  (
    await api.call("POST", "/v1/auth/device", {
      body: { client: "berth on laptop", scopes: ["deploy"] },
      headers: { "x-berth-source-ip": ip },
    })
  ).body;
const finish = (deviceCode: string) => api.call("POST", "/v1/auth/device/token", { body: { deviceCode } });

const mailed = (email: string, template: string) => api.mails().filter((each) => each.to === email && each.template === template);

covers("startDevice", "200", "gives a code to show, an address, and how often to ask", async () => {
  const login = await start();
  expect(login).toMatchObject({ interval: 2, expiresIn: 600 });
  expect(login.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  expect(login.verificationUriComplete).toContain(login.userCode);
});

covers("startDevice", "rate.limited", "one address cannot start logins without end", async () => {
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 21; i++) codes.push((await start("198.51.100.9")).code);
  expect(codes.filter((code) => code === "rate.limited")).toHaveLength(1);
});

covers("showDevice", "200", "the person sees who asks, from where and for what", async () => {
  const tenant = await testTenant(api);
  const { userCode } = await start();
  const answer = await api.call("GET", `/v1/auth/device/${userCode}`, { token: await tenant.token() });
  expect(answer.body).toMatchObject({ client: "berth on laptop", ip: "203.0.113.7", scopes: ["deploy"], status: "pending" });
});

covers("showDevice", "auth.device_expired", "a code nobody started is not there", async () => {
  const tenant = await testTenant(api);
  const answer = await api.call("GET", "/v1/auth/device/ZZZZ-ZZZZ", { token: await tenant.token() });
  expect(answer.body).toMatchObject({ status: 410, code: "auth.device_expired" });
});

covers("showDevice", "rate.limited", "codes cannot be guessed by trying", async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const codes: string[] = [];
  for (let i = 0; i < 21; i++) codes.push((await api.call("GET", "/v1/auth/device/ZZZZ-ZZZZ", { token })).body.code);
  expect(codes.at(-1)).toBe("rate.limited");
});

covers("answerDevice", "204", "a confirmed login is given its token, once", async () => {
  const session = await api.signIn("fay@example.com");
  const login = await start();
  expect((await finish(login.deviceCode)).body.code).toBe("auth.device_pending");
  expect((await api.call("POST", `/v1/auth/device/${login.userCode}`, { session, body: { approve: true } })).status).toBe(204);
  await api.clock.advance(3);
  const answer = await finish(login.deviceCode);
  expect((await api.call("GET", "/v1/me", { token: answer.body.secret })).body.actor).toMatchObject({ scopes: ["deploy"] });
  expect((await finish(login.deviceCode)).body.code).toBe("auth.device_expired");
});

covers("answerDevice", "auth.device_expired", "a login that was answered cannot be answered again", async () => {
  const session = await api.signIn("gus@example.com");
  const { userCode } = await start();
  await api.call("POST", `/v1/auth/device/${userCode}`, { session, body: { approve: false } });
  const answer = await api.call("POST", `/v1/auth/device/${userCode}`, { session, body: { approve: true } });
  expect(answer.body).toMatchObject({ status: 410, code: "auth.device_expired" });
});

covers("answerDevice", "rate.limited", "nor can codes be confirmed by trying", async () => {
  const session = await api.signIn("hal@example.com");
  const codes: string[] = [];
  for (let i = 0; i < 21; i++)
    codes.push((await api.call("POST", "/v1/auth/device/ZZZZ-ZZZZ", { session, body: { approve: true } })).body.code);
  expect(codes.at(-1)).toBe("rate.limited");
});

test("a token cannot confirm a login: only a person in the browser can", async () => {
  const tenant = await testTenant(api);
  const { userCode } = await start();
  const answer = await api.call("POST", `/v1/auth/device/${userCode}`, { token: await tenant.token(), body: { approve: true } });
  expect(answer.body).toMatchObject({ status: 403, code: "token.scope" });
});

covers("finishDevice", "200", "of two questions at once exactly one is given the token", async () => {
  const session = await api.signIn("ida@example.com");
  const login = await start();
  await api.call("POST", `/v1/auth/device/${login.userCode}`, { session, body: { approve: true } });
  const answers = await Promise.all([finish(login.deviceCode), finish(login.deviceCode)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
});

covers("finishDevice", "auth.device_pending", "until it is confirmed the answer is to wait", async () => {
  expect((await finish((await start()).deviceCode)).body).toMatchObject({ status: 428, code: "auth.device_pending" });
});

covers("finishDevice", "auth.device_slow", "asked again at once it says to slow down", async () => {
  const { deviceCode } = await start();
  await finish(deviceCode);
  expect((await finish(deviceCode)).body).toMatchObject({ status: 429, code: "auth.device_slow" });
  await api.clock.advance(0.9);
  expect((await finish(deviceCode)).body.code).toBe("auth.device_slow");
  await api.clock.advance(0.2);
  expect((await finish(deviceCode)).body.code).toBe("auth.device_pending");
});

covers("answerDevice", "auth.proof", "who proved nothing lately confirms no login, and may still deny one", async () => {
  const session = await api.signIn("lena@example.com");
  await api.clock.advance(901);
  const login = await start();
  const answer = (approve: boolean) => api.call("POST", `/v1/auth/device/${login.userCode}`, { session, body: { approve } });
  expect((await answer(true)).body).toMatchObject({ status: 403, code: "auth.proof" });
  expect((await finish(login.deviceCode)).body.code).toBe("auth.device_pending");
  expect((await answer(false)).status).toBe(204);
});

covers("finishDevice", "token.too_many", "an account with a hundred tokens gets no other", async () => {
  const tenant = await testTenant(api);
  for (let i = 0; i < 100; i++) await tenant.token(["read"]);
  const session = await api.signIn(tenant.user.email);
  const login = await start("198.51.100.77");
  await api.call("POST", `/v1/auth/device/${login.userCode}`, { session, body: { approve: true } });
  expect((await finish(login.deviceCode)).body).toMatchObject({ status: 409, code: "token.too_many" });
});

test("the token of a login that was confirmed just now holds as proved, and its making is told by mail", async () => {
  const email = "mona@example.com";
  const session = await api.signIn(email);
  const login = (await api.call("POST", "/v1/auth/device", { body: { client: "berth on\u202e\u001b[31m laptop" } })).body;
  const shown = await api.call("GET", `/v1/auth/device/${login.userCode}`, { session });
  expect(shown.body.client).toBe("berth on [31m laptop");
  await api.call("POST", `/v1/auth/device/${login.userCode}`, { session, body: { approve: true } });
  const { secret } = (await finish(login.deviceCode)).body;
  expect((await api.call("POST", "/v1/tokens", { token: secret, body: { name: "x", scopes: ["read"] } })).status).toBe(201);
  expect(mailed(email, "device-approved")).toEqual([
    expect.objectContaining({ data: expect.objectContaining({ name: "berth on [31m laptop", ip: "203.0.113.7" }) }),
  ]);
  await api.clock.advance(901);
  expect((await api.call("POST", "/v1/tokens", { token: secret, body: { name: "x", scopes: ["read"] } })).body.code).toBe(
    "auth.proof",
  );
});

covers("finishDevice", "auth.device_denied", "a denied login is told so", async () => {
  const session = await api.signIn("jan@example.com");
  const login = await start();
  await api.call("POST", `/v1/auth/device/${login.userCode}`, { session, body: { approve: false } });
  expect((await finish(login.deviceCode)).body).toMatchObject({ status: 403, code: "auth.device_denied" });
});

covers("finishDevice", "auth.device_expired", "after ten minutes, or with another's secret, there is nothing", async () => {
  const login = await start();
  expect((await finish(`${login.userCode}.${"x".repeat(43)}`)).body.code).toBe("auth.device_expired");
  await api.clock.advance(601);
  expect((await finish(login.deviceCode)).body).toMatchObject({ status: 410, code: "auth.device_expired" });
});
