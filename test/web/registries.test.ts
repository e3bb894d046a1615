import { listAll } from "@berth/domain/query.ts";
import { key } from "@berth/domain/table.ts";
import { expect, test } from "vitest";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { barriers } from "./accessibility.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);

const PASSWORD = "ghp_canary-7c1e";

const entered = async () => {
  const tenant = await testTenant(api);
  await tenant.target("web1");
  await tenant.target("web2", "127.0.0.2");
  const visitor = await visitAs(tenant.user.email, api, site);
  const add = async (host: string) =>
    api.call("POST", "/v1/registries", { token: await tenant.token(), body: { host, user: "mona", password: PASSWORD } });
  return { tenant, visitor, page: visitor.page, add };
};

test("a login is stored as the registry is named in images, and its password is in no answer and nowhere on the page", async () => {
  const { tenant, visitor, page } = await entered();
  const answers: string[] = [];
  page.on("response", async (answer) => {
    if (answer.url().includes("/v1/")) answers.push(await answer.text().catch(() => ""));
  });
  await page.goto("/registries");
  await page.getByText("berth registry add REGISTRY --user USER").waitFor();
  await page.getByRole("button", { name: "Add a login" }).click();
  await page.getByLabel("Registry").fill("https://hub.docker.com/");
  await page.getByLabel("User").fill("mona");
  await page.getByLabel("Password or token").fill(PASSWORD);
  expect(await page.getByLabel("Password or token").getAttribute("type")).toBe("password");
  await page.getByRole("button", { name: "Store it" }).click();
  await page.getByRole("heading", { name: "docker.io" }).waitFor();
  await page.getByText("Not checked", { exact: true }).waitFor();
  expect(await listAll(tenant.ctx, { pk: key(tenant.ctx, "").pk, prefix: "REGISTRY#" })).toHaveLength(1);
  await page.getByRole("button", { name: "Add a login" }).click();
  expect(await page.getByLabel("Password or token").inputValue()).toBe("");
  expect((await page.content()) + answers.join()).not.toContain(PASSWORD);
  expect(answers.join()).toContain("docker.io");
  await finish(visitor);
});

test("a host that no registry has is refused beside the form, which keeps what was typed", async () => {
  const { visitor, page } = await entered();
  await page.goto("/registries");
  await page.getByRole("button", { name: "Add a login" }).click();
  await page.getByLabel("Registry").fill("not a host");
  await page.getByLabel("User").fill("mona");
  await page.getByLabel("Password or token").fill(PASSWORD);
  await page.getByRole("button", { name: "Store it" }).click();
  await page.getByRole("alert").getByRole("link", { name: "input.invalid" }).waitFor();
  expect(await page.getByLabel("User").inputValue()).toBe("mona");
  await finish(visitor);
});

test("a check shows what each server was answered as it is, and how the login stands afterwards", async () => {
  const { tenant, visitor, page, add } = await entered();
  await add("ghcr.io:5000");
  const gate = Promise.withResolvers<void>();
  const reach = scriptedReach(async () => {
    if (reach.runs.at(-1)?.at === "127.0.0.2") await gate.promise;
    return reach.runs.length > 1 ? failed({ class: "registry.denied", message: "unauthorized" }) : succeeded();
  });
  await page.goto("/registries");
  await page.getByRole("button", { name: "Check ghcr.io:5000" }).click();
  const answers = page.getByRole("status", { name: "Check of ghcr.io:5000" });
  await answers.getByText("Queued").first().waitFor();
  const messages = api.take("jobs").map(({ message }) => Message.parse(message));
  const [first, second] = messages;
  await answerMessage(tenant.system, first!, reach); // there is one for each of two targets
  await answers.getByText("The registry takes the login").waitFor();
  gate.resolve();
  await answerMessage(tenant.system, second!, reach);
  await answers.getByText("ghcr.io:5000 refused the login of mona").waitFor();
  await page.getByText("Refused on web2", { exact: true }).waitFor();
  await page.getByRole("link", { name: "registry.denied" }).waitFor();
  expect(await barriers(visitor)).toEqual([]);
  await page.getByRole("link", { name: "See the check" }).click();
  await page.getByRole("heading", { level: 1, name: "Check a registry's login on web1, web2" }).waitFor();
  await finish(visitor);
});

test("a check with no server to ask from says so on the row", async () => {
  const tenant = await testTenant(api);
  await api.call("POST", "/v1/registries", {
    token: await tenant.token(),
    body: { host: "ghcr.io", user: "mona", password: PASSWORD },
  });
  const visitor = await visitAs(tenant.user.email, api, site);
  await visitor.page.goto("/registries");
  await visitor.page.getByRole("button", { name: "Check ghcr.io" }).click();
  await visitor.page.getByRole("alert").getByText("A login is checked on a server, and there is none").waitFor();
  await finish(visitor);
});

test("a login is removed after a question, and stays where the answer is no", async () => {
  const { visitor, page, add } = await entered();
  await add("ghcr.io");
  await page.goto("/registries");
  const remove = page.getByRole("button", { name: "Remove ghcr.io" });
  await remove.click();
  const dialog = page.getByRole("dialog", { name: "Remove the login for ghcr.io?" });
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await remove.click();
  await dialog.getByRole("button", { name: "Remove it" }).click();
  await page.getByText("No login yet").waitFor();
  await finish(visitor);
});

test("without a paid plan no login can be added, which says why, and what is stored can still be removed", async () => {
  const { tenant, visitor, page, add } = await entered();
  await add("ghcr.io");
  await tenant.entitle("restricted");
  await page.goto("/registries");
  await page.getByText("Off until the bill is paid").waitFor();
  await page.getByRole("button", { name: "Remove ghcr.io" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove it" }).click();
  await page.getByText("No login yet").waitFor();
  await finish(visitor);
});
