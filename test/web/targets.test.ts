import { RemoteError } from "@berth/domain/remote/remote.ts";
import { expect, test } from "vitest";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { testApi } from "../support/api.ts";
import { scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { barriers } from "./accessibility.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);
const PASSWORD = "canary-91fe";

/** At the targets of an account with one server, whose key is not there yet. */
async function entered() {
  const tenant = await testTenant(api);
  await tenant.target("web1");
  const reach = scriptedReach();
  reach.refuse(new RemoteError("auth.failed", "The server did not accept the key made for it"));
  const work = async () => {
    for (const { message } of api.take("jobs")) await answerMessage(tenant.system, Message.parse(message), reach);
  };
  await api.call("POST", "/v1/targets/web1/check", { token: await tenant.token() });
  await work();
  const visitor = await visitAs(tenant.user.email, api, site);
  await visitor.page.goto("/targets");
  return { visitor, page: visitor.page, reach, work };
}

test("a wrong password is told as such, the right one puts the key there and the server is checked, and neither stays on the page", async () => {
  const { visitor, page, reach, work } = await entered();
  const answers: string[] = [];
  page.on("response", async (answer) => {
    if (answer.url().includes("/v1/")) answers.push(await answer.text().catch(() => ""));
  });
  const field = page.getByLabel("Password of root");
  const add = page.getByRole("button", { name: "Add the key" });
  reach.refusePassword(new RemoteError("password.wrong", "The server did not let root in with the password"));
  await field.fill(`${PASSWORD}-wrong`);
  expect(await field.getAttribute("type")).toBe("password");
  await add.click();
  await page.getByText("Trying the password").waitFor();
  await work();
  await page.getByText("The server does not accept the password").waitFor();
  expect(await field.inputValue()).toBe("");
  expect(await barriers(visitor)).toEqual([]);
  await field.fill(PASSWORD);
  await add.click();
  await page.getByText("Trying the password").waitFor();
  await work();
  await page.getByText("web1 takes Berth's key. Checking the server now.").waitFor();
  await work();
  await page.getByText("Ready", { exact: true }).waitFor();
  expect(reach.letIns.map(({ password }) => password)).toEqual([`${PASSWORD}-wrong`, PASSWORD]);
  expect((await page.content()) + answers.join()).not.toContain(PASSWORD);
  await finish(visitor);
});

test("labels are written as words, shown on the card, and one that is no word is refused beside them", async () => {
  const { visitor, page } = await entered();
  await page.getByText("Labels", { exact: true }).first().click();
  const field = page.getByLabel("Labels", { exact: true });
  const save = page.getByRole("button", { name: "Save the labels of web1" });
  await field.fill("eu, gpu");
  await save.click();
  await page.getByText("web1 has the labels eu, gpu.").waitFor();
  await page.locator(".tag", { hasText: "gpu" }).waitFor();
  await field.fill("eu");
  await save.click();
  await page.getByText("web1 has the labels eu.").waitFor();
  await page.locator(".tag", { hasText: "gpu" }).waitFor({ state: "detached" });
  await field.fill("NO");
  await save.click();
  await page.getByRole("alert").getByRole("link", { name: "input.invalid" }).waitFor();
  await finish(visitor);
});
