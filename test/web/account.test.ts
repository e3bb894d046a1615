import { afterEach, beforeEach, expect, test } from "vitest";
import { proofCode } from "../api/proved.ts";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { barriers } from "./accessibility.ts";
import { useSite } from "./site.ts";
import { enter, type Visitor, visit } from "./visitor.ts";

const HOUR = 3_600;

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);
let visitor: Visitor;

beforeEach(async () => {
  visitor = await visit(site.browser, site.url);
});
afterEach(async () => {
  const { complaints, dialogs } = visitor;
  await visitor.close();
  expect({ complaints, dialogs }).toEqual({ complaints: [], dialogs: [] });
});

/** Signs the person in somewhere else; answers that browser's session. */
async function signInFrom(email: string, ip: string, client: string): Promise<string> {
  const headers = { "x-berth-source-ip": ip, "user-agent": client };
  const { browser } = await api.call("POST", "/v1/auth/code", { body: { email }, headers });
  const { session } = await api.call("POST", "/v1/auth/verify", { browser, body: { email, code: api.code(email) }, headers });
  if (!session) throw new Error(`${email} was not signed in from ${ip}`);
  return session;
}

const answers = async (session: string) => (await api.call("GET", "/v1/me", { session })).status;

test("the account page lists the browsers somebody is signed in with; ending one signs out that one alone, ending the others all but this", async () => {
  const { page } = visitor;
  const { email } = (await testTenant(api)).user;
  await enter(visitor, api, site.url, email);
  const phone = await signInFrom(email, "198.51.100.20", "Phone/7");
  const library = await signInFrom(email, "198.51.100.30", "Library/1");
  const office = await signInFrom(email, "198.51.100.40", "Office/3");
  await page.goto("/account");
  const rows = page.getByRole("region", { name: "Where you are signed in" }).getByRole("listitem");
  await rows.filter({ hasText: "Phone/7" }).waitFor();
  expect(await rows.count()).toBe(4);
  expect(await rows.getByRole("heading", { name: "This browser" }).count()).toBe(1);
  expect(await rows.filter({ hasText: "This browser" }).getByRole("button").count()).toBe(0);
  expect(await barriers(visitor)).toEqual([]);

  await page.getByRole("button", { name: "Sign out the browser at 198.51.100.30" }).click();
  await rows.filter({ hasText: "Library/1" }).waitFor({ state: "detached" });
  expect(await Promise.all([library, phone, office].map(answers))).toEqual([401, 200, 200]);

  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByText("2 other browsers are signed out.").waitFor();
  await rows.filter({ hasText: "Phone/7" }).waitFor({ state: "detached" });
  expect(await rows.count()).toBe(1);
  expect(await page.getByRole("button", { name: "Sign out everywhere else" }).count()).toBe(0);
  expect(await Promise.all([phone, office].map(answers))).toEqual([401, 401]);
  expect(await page.evaluate(() => fetch("/v1/me").then(({ status }) => status))).toBe(200);
});

/** Types the code from the mail into the dialog that asks for it. */
async function prove(email: string): Promise<void> {
  const dialog = visitor.page.getByRole("dialog", { name: "Is it you?" });
  await dialog.getByText("We mailed a code to").waitFor();
  await dialog.getByLabel("Six-digit code").pressSequentially(proofCode(api, email));
  await dialog.waitFor({ state: "detached" });
}

test("an hour after the sign-in a token is made only with a code from the mail, and a dialog that is closed makes none", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  const { email } = tenant.user;
  await enter(visitor, api, site.url, email);
  await api.clock.advance(HOUR);
  await page.goto("/tokens");
  await page.getByLabel("Name").fill("ci of shop");
  await page.getByRole("button", { name: "Make the token" }).click();
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.getByText("We mailed a code to").waitFor();
  expect(await barriers(visitor)).toEqual([]);
  await dialog.getByRole("button", { name: "Not now" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("No token yet").waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe("ci of shop");

  await page.getByRole("button", { name: "Make the token" }).click();
  await prove(email);
  await page.getByRole("heading", { name: "ci of shop: copy it now" }).waitFor();
  const token = (await page.getByRole("region", { name: "Token", exact: true }).textContent()) ?? "";
  expect((await api.call("GET", "/v1/me", { token })).status).toBe(200);
});

test("an hour after the sign-in a host key is confirmed only with a code from the mail", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  const { email } = tenant.user;
  await enter(visitor, api, site.url, email);
  const token = await tenant.token();
  const added = await api.call("POST", "/v1/targets", {
    token,
    body: { name: "web1", host: "127.0.0.1", port: 22, user: "root" },
  });
  await tenant.work(added.body.job);
  const status = async () => (await api.call("GET", "/v1/targets/web1", { token })).body.status;
  await api.clock.advance(HOUR);
  await page.goto("/targets");
  const card = page.getByRole("listitem", { name: "web1" });
  await card.getByLabel("It is the same on the server").check();
  await card.getByRole("button", { name: "Confirm the host key of web1" }).click();
  await page.getByRole("dialog", { name: "Is it you?" }).waitFor();
  expect(await status()).toBe("untrusted");
  await prove(email);
  await card.getByText("Being checked").waitFor();
  expect(await status()).toBe("unchecked");
});

test("an hour after the sign-in a command line is let in only with a code from the mail", async () => {
  const { page } = visitor;
  const { email } = (await testTenant(api)).user;
  await enter(visitor, api, site.url, email);
  await api.clock.advance(HOUR);
  const { body } = await api.call("POST", "/v1/auth/device", { body: { client: "berth 0.1.0 on laptop" } });
  const ask = async () => (await api.call("POST", "/v1/auth/device/token", { body: { deviceCode: body.deviceCode } })).body;
  await page.goto(`/device?code=${body.userCode}`);
  await page.getByRole("checkbox", { name: "I started this login myself" }).check();
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("dialog", { name: "Is it you?" }).waitFor();
  expect((await ask()).code).toBe("auth.device_pending");
  await prove(email);
  await page.getByRole("heading", { level: 1, name: "Signed in on the command line" }).waitFor();
  await api.clock.advance(5);
  expect((await ask()).secret).toMatch(/^berth_/);
});
