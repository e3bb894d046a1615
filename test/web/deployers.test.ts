import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { workflow } from "../../packages/web/src/deployer/workflow.ts";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi();
const site = useSite(api);

const entered = async () => {
  const tenant = await testTenant(api);
  await tenant.app();
  const visitor = await visitAs(tenant.user.email, api, site);
  return { tenant, visitor, page: visitor.page };
};

const shop = { id: "dpr_01ARZ3NDEKTSV4RRFFQ69G5FAV", app: "shop", repository: "me/shop", ref: "refs/heads/main" };

test("the workflow of a deployer is the one of the guide", async () => {
  const guide = await readFile("docs/github-actions.md", "utf8");
  expect(guide).toContain(`\`\`\`yaml\n${workflow(shop, "https://berth.example")}\`\`\``);
});

test("a workflow starts for the branch, the tag or the pull requests that may deploy, and names the environment that it needs", () => {
  const started = (about: object) => {
    const { on, jobs } = parse(workflow({ ...shop, ...about }, "https://berth.example"));
    return [on, jobs.deploy.environment];
  };
  expect(started({})).toEqual([{ push: { branches: ["main"] } }, undefined]);
  expect(started({ ref: "refs/heads/a/b #1" })).toEqual([{ push: { branches: ["a/b #1"] } }, undefined]);
  expect(started({ ref: "refs/tags/v1" })).toEqual([{ push: { tags: ["v1"] } }, undefined]);
  const environment = { ref: undefined, jobEnvironment: "on: [push]" };
  expect(started(environment)).toEqual([{ push: { branches: ["main"] } }, "on: [push]"]);
  expect(started({ ...environment, pullRequests: true })).toEqual([{ pull_request: null }, "on: [push]"]);
});

test("a deployer is added with the workflow that its jobs need, shown at once, and removed after a question", async () => {
  const { visitor, page } = await entered();
  await page.goto("/deployers");
  await page.getByText("No deployer yet").waitFor();
  await page.getByRole("button", { name: "Add a deployer" }).click();
  await page.getByLabel("Repository at GitHub").fill("Acme/shop");
  await page.getByRole("button", { name: "Add it" }).click();
  const row = page.getByRole("listitem", { name: "Acme/shop for shop" });
  await row.getByText("refs/heads/main").waitFor();
  const shown = await row.getByRole("region", { name: "Workflow for Acme/shop" }).textContent();
  expect(shown).toContain(`BERTH_URL: ${site.url}\n      BERTH_DEPLOYER: dpr_`);
  expect(shown).toContain("tags: ghcr.io/acme/shop:latest");
  await page.getByRole("button", { name: "Remove Acme/shop for shop" }).click();
  await page
    .getByRole("dialog", { name: "Remove the deployer of Acme/shop?" })
    .getByRole("button", { name: "Remove it" })
    .click();
  await page.getByText("No deployer yet").waitFor();
  await finish(visitor);
});

test("a deployer for no jobs in particular cannot be asked for, and what the API refuses is said beside the form", async () => {
  const { visitor, page } = await entered();
  await page.goto("/deployers");
  await page.getByRole("button", { name: "Add a deployer" }).click();
  await page.getByLabel("Repository at GitHub").fill("acme/shop");
  await page.getByLabel("Branch or tag").fill("");
  await page.getByText("Name a branch or tag, an environment, or both").waitFor();
  await page.getByLabel("Branch or tag").fill("refs/heads/main");
  await page.getByLabel("Environment at GitHub").fill("production");
  await page.getByLabel("Jobs of pull requests too").check();
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByRole("alert").getByText("Each pull request has a ref of its own").waitFor();
  await finish(visitor);
});
