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

covers(
  "requestCode",
  "202",
  "a code of six digits comes by mail, and the answer is the same for an address nobody knows",
  async () => {
    const answer = await api.call("POST", "/v1/auth/code", { body: { email: "Ann@Example.com" } });
    expect([answer.status, answer.body]).toEqual([202, { sent: true }]);
    expect(api.code("ann@example.com")).toMatch(/^\d{6}$/);
  },
);

covers("requestCode", "rate.limited", "the sixth code in a quarter of an hour is refused with the time to wait", async () => {
  const ask = () => api.call("POST", "/v1/auth/code", { body: { email: "busy@example.com" } });
  for (let i = 0; i < 5; i++) expect((await ask()).status).toBe(202);
  const answer = await ask();
  expect(answer.body).toMatchObject({ status: 429, code: "rate.limited" });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  await api.clock.advance(Number(answer.headers.get("retry-after")));
  expect((await ask()).status).toBe(202);
});

covers("verifyCode", "200", "the code signs in, makes the account the first time, and finds it the second", async () => {
  const first = await api.signIn("bob@example.com");
  const second = await api.signIn("bob@example.com");
  const who = async (session: string) => (await api.call("GET", "/v1/me", { session })).body;
  expect(await who(first)).toEqual(await who(second));
  expect(first).not.toBe(second);
});

covers("verifyCode", "auth.code_wrong", "a wrong, used, old or much tried code signs nobody in", async () => {
  const email = "eve@example.com";
  const verify = (code: string) => api.call("POST", "/v1/auth/verify", { body: { email, code } });
  const wrong = (code: string) => (code === "000000" ? "000001" : "000000");
  await api.call("POST", "/v1/auth/code", { body: { email } });
  const code = api.code(email);
  for (let i = 0; i < 5; i++) expect((await verify(wrong(code))).body.code).toBe("auth.code_wrong");
  expect((await verify(code)).body.code).toBe("auth.code_wrong");
  await api.call("POST", "/v1/auth/code", { body: { email } });
  expect((await verify(api.code(email))).status).toBe(200);
  expect((await verify(api.code(email))).body.code).toBe("auth.code_wrong");
  await api.call("POST", "/v1/auth/code", { body: { email } });
  await api.clock.advance(601);
  expect((await verify(api.code(email))).body.code).toBe("auth.code_wrong");
});

test("of two first sign-ins of one address at once both are in the same account", async () => {
  const email = "twins@example.com";
  await api.call("POST", "/v1/auth/code", { body: { email } });
  const body = { email, code: api.code(email) };
  const answers = await Promise.all([1, 2].map(() => api.call("POST", "/v1/auth/verify", { body })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

covers("logout", "204", "the session is over at once, and a second time is no error", async () => {
  const session = await api.signIn("cat@example.com");
  expect((await api.call("POST", "/v1/auth/logout", { session })).status).toBe(204);
  expect((await api.call("GET", "/v1/me", { session })).status).toBe(401);
});

test("a write with a session that comes from another site is refused", async () => {
  const session = await api.signIn("dan@example.com");
  const answer = await api.call("POST", "/v1/tokens", {
    session,
    body: { name: "x", scopes: ["read"] },
    headers: { origin: "https://evil.example" },
  });
  expect(answer.body).toMatchObject({ status: 403, code: "auth.origin" });
});

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
