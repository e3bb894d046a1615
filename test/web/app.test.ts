import { expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { containersOf, failed, scriptedReach, succeeded } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);

const entered = async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const visitor = await visitAs(tenant.user.email, api, site);
  return { tenant, visitor, page: visitor.page, token: await tenant.token() };
};

test("the page offers for a rollback what the API accepts, and says how every release came out and who made it", async () => {
  const { tenant, visitor, page, token } = await entered();
  for (let i = 0; i < 4; i++) await tenant.work(await tenant.deploy("shop"));
  const sick = scriptedReach(() => failed({ class: "unhealthy", message: "web is ill", changed: true, rolledBack: true }));
  await tenant.work(await tenant.deploy("shop"), sick);
  await api.call("POST", `/v1/jobs/${(await tenant.deploy("shop")).id}/cancel`, { token });
  await tenant.work((await api.call("POST", "/v1/apps/shop/rollback", { token, body: { release: 3 } })).body);
  await page.goto("/apps/shop");
  const row = (release: number) =>
    page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: new RegExp(`^Release ${release} `) }) });
  await row(6).getByText("Canceled").waitFor();
  await row(5).getByText("Failed", { exact: true }).waitFor();
  await row(5).getByText("web is ill").waitFor();
  await row(4).getByText("Was live").waitFor();
  await row(3).getByText("Live", { exact: true }).waitFor();
  await row(3).getByText(`by ${tenant.user.email}`).waitFor();
  const offered = await page
    .getByRole("button", { name: /^Roll back to release/ })
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label")));
  expect(offered).toEqual(["Roll back to release 4", "Roll back to release 2", "Roll back to release 1"]);
  const { items } = (await api.call("GET", "/v1/apps/shop/releases", { token })).body;
  const possible = items.filter((each: { rollback: { possible: boolean } }) => each.rollback.possible);
  expect(offered).toEqual(possible.map(({ number }: { number: number }) => `Roll back to release ${number}`));
  await row(5).getByRole("link", { name: "See why" }).click();
  await page.getByRole("heading", { level: 1, name: "Deploy shop, release 5" }).waitFor();
  await page.getByText(tenant.user.email).last().waitFor();
  await finish(visitor);
});

test("the add-ons of an environment are listed with their variables, and where there are none the command that adds one", async () => {
  const { tenant, visitor, page, token } = await entered();
  await tenant.work(await tenant.deploy("shop"));
  await page.goto("/apps/shop");
  await page.getByText("berth addon add postgres --app shop").waitFor();
  await api.call("POST", "/v1/apps/shop/addons", { token, body: { kind: "redis", services: ["web"] } });
  await page.goto("/apps/shop");
  const row = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "redis" }) });
  await row.getByText("Redis 7").waitFor();
  await row.getByText("for web").waitFor();
  await row.getByText("REDIS_URL").waitFor();
  await finish(visitor);
});

test("a container that was stopped is never shown as live: the page asks the server, says what Docker says, and starts it again", async () => {
  const { tenant, visitor, page } = await entered();
  await tenant.work(await tenant.deploy("shop"));
  await api.clock.advance(5); // of what was seen a moment ago no server is asked again
  const why = 'It was not started again when the server restarted: its restart policy is "no".';
  const down = { service: "web", state: "exited", exitCode: 137, health: null, ports: [], restartPolicy: "no" };
  const stopped = { ...containersOf(down), bootedAt: "2027-03-01T11:30:00.000Z" };
  const reach = scriptedReach(({ op }) => ({
    ...succeeded(),
    containers: op === "inspect" ? stopped : containersOf({ service: "web" }),
  }));
  await page.goto("/apps/shop");
  await expect
    .poll(async () => {
      await tenant.drain(reach);
      return reach.runs.some(({ op }) => op === "inspect");
    })
    .toBe(true);
  await page.getByText("Stopped", { exact: true }).waitFor();
  await page.getByText("exited, status 137").waitFor();
  await page.getByText(why).waitFor();
  expect(await page.getByText("Running", { exact: true }).count()).toBe(0);
  await page.goto("/");
  await page.getByText("Stopped", { exact: true }).waitFor();
  await page.goto("/apps/shop");
  await page.getByRole("button", { name: "Start stopped containers" }).click();
  await page.getByRole("dialog", { name: "Start shop?" }).getByRole("button", { name: "Start it" }).click();
  await page.getByRole("heading", { level: 1, name: "Start shop, release 1" }).waitFor();
  await tenant.drain(reach);
  await page.getByRole("listitem", { name: "web1" }).getByText("Succeeded").waitFor();
  expect(reach.runs.at(-1)).toMatchObject({ op: "deploy", values: { release: "1", pull: "missing" } });
  await page.goto("/apps/shop");
  await page.getByText("Running", { exact: true }).waitFor();
  await page.getByRole("link", { name: "http://127.0.0.1:8080" }).waitFor();
  await finish(visitor);
});

test("the container tables of an app's servers have their columns in the same places, whatever is in them", async () => {
  const { tenant, visitor, page } = await entered();
  await tenant.target("web2");
  const reach = scriptedReach(() => ({ ...succeeded(), containers: containersOf({ service: "web" }) }));
  const long = { service: "a-service-with-a-long-name", image: "registry.example.com/a/long/name/of/an/image:2027-03-01" };
  reach.next(() => ({ ...succeeded(), containers: containersOf({ ...long, state: "exited", exitCode: 137, health: null }) }));
  await tenant.work(await tenant.deploy("shop", { targets: ["web1", "web2"] }), reach);
  await page.goto("/apps/shop");
  await page.getByRole("table").nth(1).waitFor();
  const columns = await page
    .getByRole("table")
    .evaluateAll((tables) =>
      tables.map((table) => [...table.querySelectorAll("th")].map((each) => Math.round(each.getBoundingClientRect().x))),
    );
  expect(columns).toHaveLength(2);
  expect(columns[0]).toEqual(columns[1]);
  await finish(visitor);
});
