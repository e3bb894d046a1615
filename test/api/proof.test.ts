import { accountKey } from "@berth/domain/entitlement/account.ts";
import { putOne } from "@berth/domain/table.ts";
import { revokeToken } from "@berth/domain/token/token.ts";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { proofCode, prove } from "./proved.ts";

const api = testApi();
afterAll(() => api.close());

const ask = (credential: object) => api.call("POST", "/v1/auth/proof", credential);
const give = (credential: object, code: string) => api.call("POST", "/v1/auth/proof/verify", { ...credential, body: { code } });
/** Whether a credential holds as proved: what asks for a proof gets to the next question, which is about what there is. */
const holds = async (credential: object) => (await api.call("POST", "/v1/billing/portal", credential)).body.code !== "auth.proof";
const other = (code: string) => (code === "000000" ? "000001" : "000000");

/** An owner with a session and a token, a customer at Stripe by our word only. */
async function owner() {
  const tenant = await testTenant(api);
  await putOne(tenant.ctx, accountKey(tenant.ctx), { ...(await tenant.account()), customer: "cus_none" });
  const { email } = tenant.user;
  return { tenant, email, session: await api.signIn(email), token: await tenant.token() };
}

covers("requestProof", "202", "a code goes to the session's own address, which the answer tells only in part", async () => {
  const { email, session } = await owner();
  const answer = await ask({ session });
  expect([answer.status, answer.body]).toEqual([202, { to: [expect.stringMatching(/^o…@example\.com$/)] }]);
  expect(proofCode(api, email)).toMatch(/^\d{6}$/);
  expect(api.dump()).not.toContain(`"${proofCode(api, email)}"`);
});

covers("requestProof", "token.scope", "a token that could do nothing with a proof asks for none", async () => {
  const { tenant, email } = await owner();
  for (const scopes of [["read"], ["deploy"]] as const)
    expect((await ask({ token: await tenant.token(scopes) })).body).toMatchObject({ status: 403, code: "token.scope" });
  expect(api.mails().filter((each) => each.to === email && each.template === "proof")).toEqual([]);
});

test("where a token asks, the owners get the code", async () => {
  const { email, token } = await owner();
  expect((await ask({ token })).status).toBe(202);
  expect(proofCode(api, email)).toMatch(/^\d{6}$/);
});

covers(
  "requestProof",
  "rate.limited",
  "the sixth code in a quarter of an hour is refused, and the twenty-first of a day; tokens use up nothing of a person's",
  async () => {
    const { session, token } = await owner();
    for (let count = 0; count < 5; count++) expect((await ask({ session })).status).toBe(202);
    expect((await ask({ session })).body).toMatchObject({ status: 429, code: "rate.limited" });
    let sent = 0;
    for (let quarter = 0; quarter < 5; quarter++) {
      for (let count = 0; count < 5; count++) if ((await ask({ token })).status === 202) sent++;
      await api.clock.advance(900);
    }
    expect(sent).toBe(20);
    expect((await ask({ token })).status).toBe(429);
    expect((await ask({ session })).status).toBe(202);
  },
);

covers("giveProof", "200", "the credential holds as proved for a quarter of an hour, and no other one does", async () => {
  const { email, session, token } = await owner();
  await api.clock.advance(901);
  expect(await holds({ session })).toBe(false);
  await ask({ token });
  const answer = await give({ token }, proofCode(api, email));
  expect(answer.body).toEqual({ until: new Date(api.clock.now().getTime() + 900_000).toISOString() });
  expect([await holds({ token }), await holds({ session })]).toEqual([true, false]);
  await api.clock.advance(899);
  expect(await holds({ token })).toBe(true);
  await api.clock.advance(1);
  expect(await holds({ token })).toBe(false);
});

covers("giveProof", "auth.code_wrong", "a wrong, used, old, foreign or much tried code proves nothing", async () => {
  const { email, session, token } = await owner();
  await api.clock.advance(901);
  expect((await give({ session }, "123456")).body.code).toBe("auth.code_wrong");
  await ask({ session });
  const code = proofCode(api, email);
  expect((await give({ token }, code)).body.code).toBe("auth.code_wrong");
  for (let count = 0; count < 5; count++) expect((await give({ session }, other(code))).body.code).toBe("auth.code_wrong");
  expect((await give({ session }, code)).body.code).toBe("auth.code_wrong");
  await ask({ session });
  await api.clock.advance(601);
  expect((await give({ session }, proofCode(api, email))).body.code).toBe("auth.code_wrong");
  expect(await holds({ session })).toBe(false);
  await prove(api, email, { session });
  expect((await give({ session }, proofCode(api, email))).body.code).toBe("auth.code_wrong");
});

test("of many tries at once no more than five are compared, and of the right code given twice at once one counts", async () => {
  const { email, session } = await owner();
  await ask({ session });
  const code = proofCode(api, email);
  const answers = await Promise.all([1, 2].map(() => give({ session }, code)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  await ask({ session });
  const guesses = await Promise.all(Array.from({ length: 20 }, () => give({ session }, other(proofCode(api, email)))));
  expect(new Set(guesses.map(({ body }) => body.code))).toEqual(new Set(["auth.code_wrong"]));
  expect((await give({ session }, proofCode(api, email))).body.detail).toContain("Too many tries");
});

test("a sign-in code proves nothing and a proof's code signs nobody in", async () => {
  const { email, session } = await owner();
  await api.call("POST", "/v1/auth/code", { body: { email } });
  await ask({ session });
  expect((await give({ session }, api.code(email))).body.code).toBe("auth.code_wrong");
  const signIn = await api.call("POST", "/v1/auth/verify", { body: { email, code: proofCode(api, email) } });
  expect(signIn.body.code).toBe("auth.code_wrong");
});

test("who signed in just now has proved it", async () => {
  const { session } = await owner();
  expect(await holds({ session })).toBe(true);
});

test("a token that is revoked between the code and its return is not proved", async () => {
  const { tenant, email, token } = await owner();
  await ask({ token });
  const me = await api.call("GET", "/v1/me", { token });
  await revokeToken(tenant.ctx, me.body.actor.id);
  expect((await give({ token }, proofCode(api, email))).status).toBe(401);
});
