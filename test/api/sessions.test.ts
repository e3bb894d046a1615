import { insertSession } from "@berth/domain/auth/session.ts";
import { secretText } from "@berth/domain/id.ts";
import { commit } from "@berth/domain/table.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";

const api = testApi();
afterAll(() => api.close());

const list = async (session: string) => (await api.call("GET", "/v1/sessions", { session })).body.items;
const lives = async (session: string) => (await api.call("GET", "/v1/me", { session })).status === 200;

/** Somebody signed in with three browsers, the first one last. */
async function three() {
  const { user } = await testTenant(api);
  const sessions: string[] = [];
  for (let i = 0; i < 3; i++) {
    await api.clock.advance(1);
    sessions.push(await api.signIn(user.email));
  }
  return sessions as [string, string, string];
}

covers(
  "listSessions",
  "200",
  "every browser signed in is listed with its place, newest first, and the own one marked",
  async () => {
    const [first, , third] = await three();
    const items = await list(first);
    expect(items.map(({ current }: { current: boolean }) => current)).toEqual([false, false, true]);
    expect(items[0]).toMatchObject({ ip: "203.0.113.7", client: expect.any(String) });
    expect(JSON.stringify(items)).not.toContain(third);
  },
);

test("a session is named after the browser as people call it, not by all that the browser says of itself", async () => {
  const { email } = (await testTenant(api)).user;
  const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
  const headers = { "user-agent": agent };
  const { browser } = await api.call("POST", "/v1/auth/code", { body: { email }, headers });
  const { session } = await api.call("POST", "/v1/auth/verify", { browser, body: { email, code: api.code(email) }, headers });
  expect((await list(session ?? ""))[0]).toMatchObject({ client: "Chrome 142 on Linux", current: true });
});

covers("listSessions", "token.scope", "a token has no sessions and sees none", async () => {
  const token = await (await testTenant(api)).token();
  expect((await api.call("GET", "/v1/sessions", { token })).body).toMatchObject({ status: 403, code: "token.scope" });
});

covers("endSession", "204", "the session named ends at once and no other one does", async () => {
  const [first, second, third] = await three();
  const [newest] = await list(first);
  expect((await api.call("DELETE", `/v1/sessions/${newest.id}`, { session: first })).status).toBe(204);
  expect(await Promise.all([first, second, third].map(lives))).toEqual([true, true, false]);
  expect(await list(first)).toHaveLength(2);
});

covers("endSession", "session.not_found", "one that has ended, or is another person's, is not found and lives on", async () => {
  const [first] = await three();
  const [stranger] = await three();
  const theirs = (await list(stranger))[0].id;
  const end = (id: string) => api.call("DELETE", `/v1/sessions/${id}`, { session: first });
  expect((await end(theirs)).body).toMatchObject({ status: 404, code: "session.not_found" });
  expect(await list(stranger)).toHaveLength(3);
  const mine = (await list(first))[0].id;
  const answers = await Promise.all([end(mine), end(mine)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
});

covers("endSession", "token.scope", "a token ends no session", async () => {
  const token = await (await testTenant(api)).token();
  expect((await api.call("DELETE", "/v1/sessions/ses_x", { token })).body.code).toBe("token.scope");
});

covers("endOtherSessions", "200", "all but the one that asks end at once, of however many", async () => {
  const [first, second, third] = await three();
  expect((await api.call("DELETE", "/v1/sessions", { session: second })).body).toEqual({ ended: 2 });
  expect(await Promise.all([first, second, third].map(lives))).toEqual([false, true, false]);
  expect((await api.call("DELETE", "/v1/sessions", { session: second })).body).toEqual({ ended: 0 });
});

covers("endOtherSessions", "token.scope", "a token ends no session", async () => {
  const token = await (await testTenant(api)).token();
  expect((await api.call("DELETE", "/v1/sessions", { token })).body.code).toBe("token.scope");
});

test("the session of somebody else in the same account is neither seen nor ended", async () => {
  const tenant = await testTenant(api);
  const { email } = tenant.user;
  const [mine] = [await api.signIn(email), await api.signIn(email)];
  const colleague = { id: "usr_colleague", email: "colleague@example.com", tenant: tenant.id, role: "member" as const };
  const theirs = secretText(api.world, 43);
  const from = { ip: "198.51.100.1", client: "their browser" };
  await commit(api.world, ...insertSession(tenant.ctx, theirs, colleague, from));
  expect(await lives(theirs)).toBe(true);
  expect(await list(mine)).toHaveLength(2);
  const [their] = await list(theirs);
  expect(their).toMatchObject({ client: "their browser" });
  expect((await api.call("DELETE", `/v1/sessions/${their.id}`, { session: mine })).body.code).toBe("session.not_found");
  expect((await api.call("DELETE", "/v1/sessions", { session: mine })).body).toEqual({ ended: 1 });
  expect(await lives(theirs)).toBe(true);
});
