import { accountKey } from "@berth/domain/entitlement/account.ts";
import { putOne } from "@berth/domain/table.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { enter, type Visitor, visit } from "./visitor.ts";

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

const heading = (name: string | RegExp) => visitor.page.getByRole("heading", { level: 1, name });

test("a stranger signs up with a pasted code, lands on an empty home, and sees the plans", async () => {
  const { page } = visitor;
  await page.goto("/");
  await page.getByRole("link", { name: "Sign up" }).click();
  await page.getByLabel("E-mail address").fill("ada@example.com");
  await page.getByRole("button", { name: "Mail me a code" }).click();
  await heading("Enter the code").waitFor();
  const code = api.code("ada@example.com");
  const field = page.getByLabel("Six-digit code");
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  await field.evaluate(
    (input, text) => {
      const data = new DataTransfer();
      data.setData("text", text);
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    },
    `Your code: ${code.slice(0, 3)} ${code.slice(3)}`,
  );
  await heading("Apps").waitFor();
  await page.getByText("Three steps to the first deploy").waitFor();
  await page.getByRole("link", { name: "See the plans" }).click();
  await heading("Plans").waitFor();
  expect(await page.getByRole("button", { name: /^Choose (Solo|Pro|Studio)$/ }).count()).toBe(3);
});

test("a wrong code says so beside the field and keeps the focus there; the right one still works", async () => {
  const { page } = visitor;
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill("bob@example.com");
  await page.keyboard.press("Enter");
  const field = page.getByLabel("Six-digit code");
  const code = api.code.bind(api, "bob@example.com");
  await field.waitFor();
  await field.pressSequentially(code() === "000000" ? "111111" : "000000");
  await page.getByRole("alert").getByText("The code is not right").waitFor();
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  await page.keyboard.type(code());
  await heading("Apps").waitFor();
});

test("a page that needs a session asks for one first and then comes back to itself", async () => {
  const { page } = visitor;
  await page.goto("/targets?from=mail");
  await heading("Sign in").waitFor();
  await page.getByLabel("E-mail address").fill("cleo@example.com");
  await page.keyboard.press("Enter");
  await page.getByLabel("Six-digit code").waitFor();
  await page.getByLabel("Six-digit code").pressSequentially(api.code("cleo@example.com"));
  await heading("Targets").waitFor();
  expect(new URL(page.url()).search).toBe("?from=mail");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
  expect(await page.evaluate(() => fetch("/v1/me").then((answer) => answer.status))).toBe(401);
});

test("a token's secret is shown once, works until it is revoked, and then does not", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  await enter(visitor, api, site.url, tenant.user.email);
  await page.goto("/tokens");
  await page.getByLabel("Name").fill("ci of shop");
  await page.getByRole("checkbox", { name: "deploy" }).uncheck();
  await page.getByRole("button", { name: "Make the token" }).click({ force: true });
  await page.getByText("Choose at least one thing it may do").waitFor();
  await page.getByRole("checkbox", { name: "read" }).check();
  await page.getByRole("button", { name: "Make the token" }).click();
  await page.getByRole("heading", { name: "ci of shop: copy it now" }).waitFor();
  const secret = (await page.getByRole("region", { name: "Token", exact: true }).textContent()) ?? "";
  expect((await api.call("GET", "/v1/me", { token: secret })).body.actor.scopes).toEqual(["read"]);
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("heading", { name: "New token" }).waitFor();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: "Revoke ci of shop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke it" }).click();
  await page.getByText("No token yet").waitFor();
  expect((await api.call("GET", "/v1/me", { token: secret })).status).toBe(401);
});

test("a target is added, its key command shown, its host key confirmed only after comparing, and it becomes ready", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  await enter(visitor, api, site.url, tenant.user.email);
  await page.goto("/targets");
  await page.getByRole("button", { name: "Add a target" }).click();
  await page.getByLabel("Name").fill("harbour1");
  await page.getByLabel("Address").fill("127.0.0.1");
  await page.getByRole("button", { name: "Add it" }).click();
  const card = page.getByRole("listitem", { name: "harbour1" });
  await card.getByText("Reading its host key").waitFor();
  const { items } = (await api.call("GET", "/v1/targets", { token: await tenant.token(["read"]) })).body;
  expect(await card.getByRole("region", { name: /Command that gives Berth access to/ }).textContent()).toContain(
    items[0].publicKey,
  );
  await tenant.work({ id: await latestJob(tenant) });
  await card.getByText("Is this your server?").waitFor();
  const confirm = card.getByRole("button", { name: "Confirm the host key of harbour1" });
  expect(await confirm.getAttribute("aria-disabled")).toBe("true");
  await confirm.click({ force: true });
  expect((await api.call("GET", "/v1/targets/harbour1", { token: await tenant.token(["read"]) })).body.status).toBe("untrusted");
  await card.getByLabel("It is the same on the server").check();
  await confirm.click();
  await card.getByText("Being checked").waitFor();
  await tenant.work({ id: await latestJob(tenant) });
  await card.getByText("Ready", { exact: true }).waitFor();
  await card.getByText("27.3.1").waitFor();
  await card.getByRole("button", { name: "Remove harbour1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove it" }).click();
  await page.getByText("No target yet").waitFor();
});

async function latestJob(tenant: Awaited<ReturnType<typeof testTenant>>): Promise<string> {
  const { body } = await api.call("GET", "/v1/jobs?limit=1", { token: await tenant.token(["read"]) });
  return body.items[0].id;
}

test("a refusal on a form stands there with what happened, what to do and where it is explained", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api, { plan: "pro" });
  await tenant.target("web1");
  await enter(visitor, api, site.url, tenant.user.email);
  await page.goto("/targets");
  await page.getByRole("button", { name: "Add a target" }).click();
  await page.getByLabel("Name").fill("web1");
  await page.getByLabel("Address").fill("127.0.0.1");
  await page.getByRole("button", { name: "Add it" }).click();
  const alert = page.getByRole("alert");
  await alert.getByText("There is a target with that name").waitFor();
  await alert.getByRole("link", { name: "target.exists" }).click();
  await heading("Errors").waitFor();
  expect(await page.evaluate(() => document.activeElement?.id ?? document.querySelector(":target")?.id)).toBeDefined();
});

test("a device login shows who asks and from where, and cannot be confirmed before the box is ticked", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  const started = await api.call("POST", "/v1/auth/device", { body: { client: "berth 0.1.0 on laptop" } });
  await enter(visitor, api, site.url, tenant.user.email);
  await page.goto(`/device?code=${started.body.userCode.toLowerCase()}`);
  await page.getByText("berth 0.1.0 on laptop").waitFor();
  await page.getByText("203.0.113.7").waitFor();
  const box = page.getByRole("checkbox", { name: "I started this login myself" });
  expect(await box.isChecked()).toBe(false);
  const confirm = page.getByRole("button", { name: "Confirm" });
  await confirm.click({ force: true });
  const ask = () => api.call("POST", "/v1/auth/device/token", { body: { deviceCode: started.body.deviceCode } });
  expect((await ask()).body.code).toBe("auth.device_pending");
  await box.check();
  await confirm.click();
  await heading("Signed in on the command line").waitFor();
  await api.clock.advance(5);
  expect((await ask()).body.secret).toMatch(/^berth_/);
});

test("a device login that is denied gives out nothing", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  const started = await api.call("POST", "/v1/auth/device", { body: { client: "somebody" } });
  await enter(visitor, api, site.url, tenant.user.email);
  await page.goto("/device");
  await page.getByLabel("Code").fill(started.body.userCode.replace("-", ""));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Deny" }).click();
  await heading("Login denied").waitFor();
  const answer = await api.call("POST", "/v1/auth/device/token", { body: { deviceCode: started.body.deviceCode } });
  expect(answer.body.code).toBe("auth.device_denied");
});

test("grace and restriction are said on every page with the date and the link", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  await tenant.target();
  await enter(visitor, api, site.url, tenant.user.email);
  const until = new Date(Date.now() + 3 * 86_400_000);
  await tenant.entitle("grace", { graceUntil: until.toISOString() });
  const date = until.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  for (const path of ["/", "/targets", "/tokens", "/audit", "/billing", "/plans"]) {
    await page.goto(path);
    await page.getByRole("complementary", { name: "Billing notice" }).getByText(date).waitFor();
  }
  await page.goto("/targets");
  await page.getByText("Paused until the payment is fixed").waitFor();
  await tenant.entitle("restricted");
  await page.goto("/");
  await page.getByRole("link", { name: "Pay the open bill" }).click();
  await heading("Billing").waitFor();
  await page.getByText("Unpaid", { exact: true }).waitFor();
  // Who ended a plan that was paid owes nothing, and no page speaks of a bill.
  await putOne(tenant.ctx, accountKey(tenant.ctx), { ...(await tenant.account()), kind: "ended", plan: null, graceUntil: null });
  await page.goto("/targets");
  await page.getByText("Your plan has ended", { exact: true }).waitFor();
  await page.goto("/billing");
  await page.getByText("Ended", { exact: true }).waitFor();
  const notice = page.getByRole("complementary", { name: "Billing notice" });
  await notice.getByText("Your plan has ended.").waitFor();
  expect(await page.getByRole("main").textContent()).not.toMatch(/unpaid|Fix/i);
  expect(await notice.textContent()).not.toMatch(/unpaid|bill/i);
  await notice.getByRole("link", { name: "Choose a plan" }).click();
  await heading("Plans").waitFor();
});
