import { expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { enter, visit } from "./visitor.ts";

const api = testApi();
const site = useSite(api);

const nameOf = (url: string) => /assets\/(.+)-.{8}\.js$/.exec(url)?.[1];

test("a visitor is sent the front page's script alone, and the pages of those who are signed in only with a session", async () => {
  const visitor = await visit(site.browser, site.url);
  const { page } = visitor;
  const sent: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "script") sent.push(nameOf(request.url()));
  });
  await page.goto("/");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("contentinfo").getByRole("link", { name: "Errors" }).click();
  await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
  expect(sent).toEqual(["index", "errors"]);

  const tenant = await testTenant(api);
  await enter(visitor, api, site.url, tenant.user.email);
  await page.goto("/tokens");
  await page.getByRole("heading", { level: 1, name: "Tokens" }).waitFor();
  expect(sent).toContain("signed-in");
  expect(visitor.complaints).toEqual([]);
  await visitor.close();
});

test("a page that follows another is there at once: nothing stands for it in between", async () => {
  const visitor = await visit(site.browser, site.url);
  const tenant = await testTenant(api);
  await enter(visitor, api, site.url, tenant.user.email);
  const { page } = visitor;
  await page.goto("/tokens");
  await page.getByText("No token yet").waitFor();
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const look = () => {
      const heading = document.querySelector("h1")?.textContent ?? "";
      if (seen.at(-1) !== heading) seen.push(heading);
      requestAnimationFrame(look);
    };
    look();
  });
  for (const name of ["Audit", "Targets", "Billing"]) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
  }
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { seen: string[] }).seen))
    .toEqual(["Tokens", "Audit", "Targets", "Billing"]);
  await visitor.close();
});

test("a page that cannot be fetched says so, and comes when it is reloaded", async () => {
  const visitor = await visit(site.browser, site.url);
  const { page } = visitor;
  await page.goto("/");
  await page.route(/assets\/errors-/, (route) => route.abort());
  await page.getByRole("contentinfo").getByRole("link", { name: "Errors" }).click();
  await page.getByRole("heading", { level: 1, name: "This page did not load" }).waitFor();
  await page.unroute(/assets\/errors-/);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
  await visitor.close();
});
