import { expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);

test("a build is seen as it goes: what is being built, every line, and of one that fails the last lines and that nothing was touched", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const visitor = await visitAs(tenant.user.email, api, site);
  const { page } = visitor;
  const [installed, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const reach = scriptedReach(async (_, tell) => {
    tell({ type: "step", step: "preflight" });
    tell({ type: "step", step: "build" });
    tell({ type: "log", step: "build", text: "#7 [web 2/4] RUN npm ci" });
    await installed.promise;
    tell({ type: "log", step: "build", text: "#7 12.31 added 212 packages" });
    tell({ type: "log", step: "build", text: "#8 [web 3/4] RUN npm run build" });
    await ended.promise;
    const log = ["> shop@4.2.0 build", "src/cart.ts(7,1): error TS2304: Cannot find name 'prize'."];
    const message = "failed to solve: process did not complete successfully: exit code: 2";
    return failed({ class: "build.failed", step: "build", service: "web", message, log });
  });
  const job = await tenant.deploy("shop");
  const working = tenant.work(job, reach);
  await page.goto(`/jobs/${job.id}`);
  const column = page.getByRole("listitem", { name: "web1" });
  await column.getByText("Build images").waitFor();
  await column.getByText("[web 2/4] RUN npm ci", { exact: true }).waitFor();
  installed.resolve();
  await column.getByText("[web 3/4] RUN npm run build", { exact: true }).waitFor();
  await page.getByRole("log").getByText("#7 12.31 added 212 packages").waitFor();
  ended.resolve();
  await working;
  const failure = page.getByRole("region", { name: /^failed to solve/ });
  await failure.getByText("at the step build images").waitFor();
  await failure.getByRole("region", { name: "Last lines of the build" }).getByText("Cannot find name 'prize'").waitFor();
  expect(await column.getByText("[web 3/4]").count()).toBe(0);
  await finish(visitor);
});
