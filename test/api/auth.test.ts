import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

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
