import { expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { finish, type Visitor, visitAs } from "./visitor.ts";

const api = testApi();
const site = useSite(api);

const entered = async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  const visitor = await visitAs(tenant.user.email, api, site);
  const token = await tenant.token();
  const policy = async (query = "") => (await api.call("GET", `/v1/policy${query}`, { token })).body;
  return { tenant, visitor, page: visitor.page, token, policy };
};

const row = (visitor: Visitor, access: string) =>
  visitor.page.getByRole("listitem").filter({ has: visitor.page.getByRole("heading", { name: access, exact: true }) });

test("an account's rules are shown with what holds, changed, taken back, and each change is in the audit log", async () => {
  const { visitor, page, policy } = await entered();
  await page.goto("/policy");
  await row(visitor, "device").getByText("by default").waitFor();
  await page.getByText("Nothing is changed").waitFor();
  await page.getByLabel("Rule for device").selectOption("deny");
  await page.getByLabel("Rule for privileged").selectOption("ask");
  await page.getByRole("button", { name: "Save the rules" }).click();
  await row(visitor, "device").getByText("by the account").waitFor();
  expect((await policy()).rules).toEqual({ device: "deny", privileged: "ask" });
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Save the rules");
  await page.getByLabel("Rule for device").selectOption("");
  await page.getByRole("button", { name: "Save the rules" }).click();
  await row(visitor, "device").getByText("by default").waitFor();
  expect((await policy()).rules).toEqual({ privileged: "ask" });
  await page.getByRole("link", { name: "audit log" }).click();
  await page.getByText("privileged ask, device deny").waitFor();
  await finish(visitor);
});

test("of an app each rule says where it comes from: the stricter of the account's and its own holds", async () => {
  const { visitor, page, token, policy } = await entered();
  const rules = { privileged: "deny", device: "warn" };
  await api.call("POST", "/v1/policy", { token, body: { rules } });
  await page.goto("/apps/shop");
  await page.getByRole("link", { name: "Policy of shop" }).click();
  await page.getByRole("heading", { level: 1, name: "Policy" }).waitFor();
  await page.getByLabel("Rule for privileged").selectOption("allow");
  await page.getByLabel("Rule for host-path").selectOption("ask");
  await page.getByRole("button", { name: "Save the rules" }).click();
  await row(visitor, "host-path").getByText("by the app shop").waitFor();
  await row(visitor, "privileged").getByText("by the account").waitFor();
  await row(visitor, "device").getByText("by the account").waitFor();
  await row(visitor, "capability").getByText("by default").waitFor();
  expect(await policy("?app=shop")).toMatchObject({
    rules: { privileged: "allow", "host-path": "ask" },
    effective: { privileged: "deny", "host-path": "ask", device: "warn" },
  });
  expect((await policy()).rules).toEqual(rules);
  await page.getByLabel("Rules of", { exact: true }).selectOption("");
  await page.getByRole("form", { name: "Rules of the account" }).waitFor();
  expect(new URL(page.url()).search).toBe("");
  await finish(visitor);
});

test("rules of an app that is not there are refused as everything else is", async () => {
  const { visitor, page } = await entered();
  await page.goto("/policy?app=gone");
  await page.getByRole("alert").getByRole("link", { name: "app.not_found" }).waitFor();
  await finish(visitor);
});
