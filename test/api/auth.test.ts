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

const from = (ip: string) => ({ "x-berth-source-ip": ip });
const ask = (email: string, { ip = "203.0.113.7", browser }: { ip?: string; browser?: string | undefined } = {}) =>
  api.call("POST", "/v1/auth/code", { body: { email }, browser, headers: from(ip) });
const wrong = (code: string) => (code === "000000" ? "000001" : "000000");

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
  const { browser } = await ask(email);
  const verify = (code: string) => api.call("POST", "/v1/auth/verify", { browser, body: { email, code } });
  const again = () => ask(email, { browser });
  const code = api.code(email);
  for (let i = 0; i < 5; i++) expect((await verify(wrong(code))).body.code).toBe("auth.code_wrong");
  expect((await verify(code)).body.code).toBe("auth.code_wrong");
  await again();
  expect((await verify(api.code(email))).status).toBe(200);
  expect((await verify(api.code(email))).body.code).toBe("auth.code_wrong");
  await again();
  await api.clock.advance(601);
  expect((await verify(api.code(email))).body.code).toBe("auth.code_wrong");
});

test("of two first sign-ins of one address at once both are in the same account", async () => {
  const email = "twins@example.com";
  const { browser } = await ask(email);
  const body = { email, code: api.code(email) };
  const answers = await Promise.all([1, 2].map(() => api.call("POST", "/v1/auth/verify", { browser, body })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

covers("logout", "204", "the session is over at once, and a second time is no error", async () => {
  const session = await api.signIn("cat@example.com");
  expect((await api.call("POST", "/v1/auth/logout", { session })).status).toBe(204);
  expect((await api.call("GET", "/v1/me", { session })).status).toBe(401);
});

test("no stranger's requests keep an address from its owner: neither from one network nor, in a known browser, from many", async () => {
  const email = "victim@example.com";
  for (let i = 0; i < 40; i++) await ask(email, { ip: "198.51.100.20" });
  const { browser, status } = await ask(email);
  expect(status).toBe(202);
  const body = { email, code: api.code(email) };
  expect((await api.call("POST", "/v1/auth/verify", { browser, body })).status).toBe(200);
  for (let i = 0; i < 30; i++) await ask(email, { ip: `198.51.101.${i}` });
  expect((await ask(email, { ip: "198.51.102.1" })).status).toBe(429);
  expect((await ask(email, { browser })).status).toBe(202);
  const again = { email, code: api.code(email) };
  expect((await api.call("POST", "/v1/auth/verify", { browser, body: again })).status).toBe(200);
});

test("a stranger's guesses use up no try of a code that waits in another browser", async () => {
  const email = "guessed@example.com";
  const { browser } = await ask(email);
  const code = api.code(email);
  const theirs = (await ask(email, { ip: "198.51.100.30" })).browser;
  for (const guess of [undefined, theirs, browser?.toUpperCase()])
    for (let i = 0; i < 6; i++)
      await api.call("POST", "/v1/auth/verify", {
        browser: guess,
        body: { email, code: wrong(code) },
        headers: from("198.51.100.30"),
      });
  expect((await api.call("POST", "/v1/auth/verify", { browser: theirs, body: { email, code } })).body.code).toBe(
    "auth.code_wrong",
  );
  expect((await api.call("POST", "/v1/auth/verify", { browser, body: { email, code } })).status).toBe(200);
});

covers(
  "verifyCode",
  "rate.limited",
  "strangers together may guess thirty codes of an address in a quarter of an hour",
  async () => {
    const email = "sprayed@example.com";
    const answers: string[] = [];
    for (let i = 0; i < 8; i++) {
      const ip = `198.51.103.${i}`;
      const { browser } = await ask(email, { ip });
      const code = wrong(api.code(email));
      for (let n = 0; n < 5; n++)
        answers.push(
          (await api.call("POST", "/v1/auth/verify", { browser, body: { email, code }, headers: from(ip) })).body.code,
        );
    }
    expect(answers.filter((code) => code === "auth.code_wrong")).toHaveLength(30);
    expect(answers.filter((code) => code === "rate.limited")).toHaveLength(10);
  },
);

test("a request past its caller's limit writes nothing and counts against nobody", async () => {
  const ip = "198.51.100.40";
  for (let i = 0; i < 30; i++) expect((await ask(`many${i}@example.com`, { ip })).status).toBe(202);
  const before = api.dump().length;
  for (let i = 0; i < 20; i++) expect((await ask("bystander@example.com", { ip })).status).toBe(429);
  expect(api.dump().length).toBe(before);
});

test("a whole IPv6 site is a few callers, not 65,536", async () => {
  let sent = 0;
  for (let i = 0; i < 400; i++) {
    const ip = `2001:db8:7:${i.toString(16)}::1`;
    if ((await ask(`site${i}@example.com`, { ip })).status === 202) sent++;
  }
  expect(sent).toBe(300);
});

const mailed = (email: string, template: string) => api.mails().filter((each) => each.to === email && each.template === template);

test("a sign-in in a new browser is told by mail with its place; the first of all and one in a known browser are not", async () => {
  const email = "told@example.com";
  const signIn = async (browser?: string) => {
    const set = (await ask(email, { browser })).browser;
    const body = { email, code: api.code(email) };
    const headers = { "user-agent": "Firefox \u009b on Linux" };
    expect((await api.call("POST", "/v1/auth/verify", { browser: set, body, headers })).status).toBe(200);
    return set;
  };
  const first = await signIn();
  await signIn(first);
  expect(mailed(email, "signed-in")).toHaveLength(0);
  await signIn();
  expect(mailed(email, "signed-in")).toEqual([
    expect.objectContaining({ data: expect.objectContaining({ ip: "203.0.113.7", client: "Firefox on Linux" }) }),
  ]);
});

test("no page of another site begins a sign-in, enters a code or starts a login in its visitor's name, whatever it sends", async () => {
  const foreign = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example", authorization: "Basic eDp5" },
    { "sec-fetch-site": "cross-site", authorization: "Bearer" },
  ];
  const writes: [string, object][] = [
    ["/v1/auth/code", { email: "x@example.com" }],
    ["/v1/auth/verify", { email: "x@example.com", code: "123456" }],
    ["/v1/auth/device", { client: "x" }],
    ["/v1/auth/device/token", { deviceCode: "x" }],
  ];
  for (const [path, body] of writes)
    for (const headers of foreign)
      expect((await api.call("POST", path, { body, headers })).body).toMatchObject({ status: 403, code: "auth.origin" });
  const headers = { "sec-fetch-site": "same-origin" };
  expect((await api.call("POST", "/v1/auth/device", { body: { client: "x" }, headers })).status).toBe(200);
});

test("a write with a session that comes from another site is refused, whatever the method", async () => {
  const session = await api.signIn("erin@example.com");
  for (const [method, path] of [
    ["DELETE", "/v1/account"],
    ["DELETE", "/v1/apps/shop"],
    ["DELETE", "/v1/targets/web1"],
    ["DELETE", "/v1/tokens/tok_1"],
    ["DELETE", "/v1/sessions"],
    ["POST", "/v1/auth/logout"],
  ] as const)
    for (const more of [{}, { authorization: "Basic eDp5" }, { authorization: "Bearer" }])
      expect((await api.call(method, path, { session, headers: { origin: "https://evil.example", ...more } })).body.code).toBe(
        "auth.origin",
      );
  expect((await api.call("GET", "/v1/me", { session })).status).toBe(200);
});

test("a write with a session is refused where nothing says from which site it comes", async () => {
  const cookie = `__Host-berth=${await api.signIn("finn@example.com")}`;
  for (const [method, path] of [
    ["DELETE", "/v1/sessions"],
    ["POST", "/v1/auth/logout"],
  ] as const)
    expect((await api.call(method, path, { headers: { cookie } })).body).toMatchObject({ status: 403, code: "auth.origin" });
  expect((await api.call("GET", "/v1/me", { headers: { cookie } })).status).toBe(200);
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
