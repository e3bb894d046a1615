import { expect, test } from "vitest";
import { reporting } from "../api/planning.ts";
import { testApi } from "../support/api.ts";
import { packReport } from "../support/report.ts";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);

const port = [{ mode: "ingress", target: 80, published: "8080", protocol: "tcp" }];
const live = { services: { web: { image: "a:1", ports: port }, db: { image: "b:1" } } };
const report = await packReport(
  {
    web: { image: "a:1", ports: port, environment: { TOKEN: "x" }, privileged: true },
    db: { image: "b:1" },
    job: { image: "c:1" },
  },
  live,
);

const entered = async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const visitor = await visitAs(tenant.user.email, api, site);
  const token = await tenant.token();
  const ask = async () => {
    const { body } = await api.call("POST", "/v1/apps/shop/plans", { token, body: { bundle: { compose: COMPOSE } } });
    await tenant.work({ id: body.job }, reporting(report));
    return body.job as string;
  };
  return { tenant, visitor, page: visitor.page, token, ask };
};

test("a deployment's page says what its run was planned to do: what changes and why, what is left, what it reaches for, and each operation", async () => {
  const { tenant, visitor, page } = await entered();
  const job = await tenant.deploy("shop");
  await tenant.work(job, reporting(report));
  await page.goto(`/jobs/${job.id}`);
  const plan = page.getByRole("region", { name: "Plan", exact: true }).getByRole("listitem", { name: "Plan for web1" });
  await plan.getByText("web is replaced, because its variables changed (TOKEN) and its settings changed (privileged)").waitFor();
  await plan.getByText("job is created").waitFor();
  await plan.getByText("db stays as it is").waitFor();
  await plan.getByText("web has access: privileged").waitFor();
  await plan.getByText("operations, in their order").click();
  await plan.getByText("bring up db, job, web").waitFor();
  await plan.getByText("record the release").waitFor();
  await finish(visitor);
});

test("a plan's page has the command that applies just that, with what it has to be told besides, and says when it no longer holds", async () => {
  const { tenant, visitor, page, token, ask } = await entered();
  const rules = { privileged: "ask" };
  await api.call("POST", "/v1/policy", { token, body: { rules } });
  const job = await ask();
  await page.goto(`/jobs/${job}`);
  await page.getByText("web needs --allow privileged").waitFor();
  const command = page.getByRole("region", { name: "Command that applies this plan" });
  expect(await command.textContent()).toMatch(/^berth deploy --plan [0-9a-f]{16}$/);
  await page.getByText("It goes on only with --allow privileged added.").waitFor();
  await page.getByText("It takes one of the app slots of your plan.").waitFor();
  await api.call("POST", "/v1/policy", { token, body: { rules: { privileged: "deny" } } });
  await page.reload();
  await page.getByText("It cannot be applied: the policy denies privileged.").waitFor();
  expect(await command.count()).toBe(0);
  await tenant.work(await tenant.deploy("shop"));
  await page.reload();
  await page.getByText("This plan no longer holds: release 1 is live on web1 since.").waitFor();
  expect(await command.count()).toBe(0);
  await finish(visitor);
});

test("a plan that could not be paid for says so, and one of yesterday is said to be gone", async () => {
  const { tenant, visitor, page, ask } = await entered();
  const job = await ask();
  await tenant.entitle("restricted");
  await page.goto(`/jobs/${job}`);
  await page.getByText("It could not be applied now").waitFor();
  await tenant.entitle("active");
  await api.clock.advance(86_401);
  await page.reload();
  await page.getByRole("alert").getByText("There is no such plan").waitFor();
  await finish(visitor);
});
