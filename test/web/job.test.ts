import { expect, test } from "vitest";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { finish, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);

/** Takes the messages of the tenant's jobs and answers them at once, as workers would. */
async function workOffMessages(tenant: TestTenant, reach: ReturnType<typeof scriptedReach>): Promise<void> {
  const asked = api.take("jobs").map(({ message }) => Message.parse(message));
  await Promise.all(asked.map((message) => answerMessage(tenant.system, message, reach)));
}

/** An account with a page open, and a deploy that goes on as far as the test lets it. */
async function watching() {
  const tenant = await testTenant(api);
  await tenant.target("web1");
  await tenant.target("web2", "127.0.0.2");
  await tenant.app();
  const gate = Promise.withResolvers<"good" | "bad">();
  const reach = scriptedReach(async (input, tell) => {
    if (input.op !== "deploy") return succeeded();
    tell({ type: "step", step: "preflight" });
    tell({ type: "step", step: "pull" });
    tell({ type: "image", step: "pull", service: "web", text: "Pulled" });
    const end = await gate.promise;
    tell({ type: "step", step: "start" });
    if (end === "good") return succeeded();
    const log = ["listening on 8080", "error: DATABASE_URL is not set"];
    return failed({
      class: "unhealthy",
      step: "start",
      service: "web",
      message: "web is not healthy",
      log,
      rolledBack: true,
      changed: true,
    });
  });
  const visitor = await visitAs(tenant.user.email, api, site);
  return { tenant, reach, gate, visitor, page: visitor.page };
}

/** The same with a deploy to two targets accepted. */
async function watched() {
  const { tenant, ...rest } = await watching();
  return { tenant, job: await tenant.deploy("shop", { targets: ["web1", "web2"] }), ...rest };
}

test("a job is seen live by its stream: queued, each target's steps, its lines once each, and the end without a reload", async () => {
  const { tenant, job, reach, gate, visitor, page } = await watched();
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/events") && asked.push(request.headers().accept ?? ""));
  await page.goto(`/jobs/${job.id}`);
  await page.getByText("Queued").first().waitFor();
  const working = workOffMessages(tenant, reach);
  const column = page.getByRole("listitem", { name: "web2" });
  await column.getByText("Pull images").waitFor();
  await page.getByRole("log").getByText("Pulled").first().waitFor();
  gate.resolve("good");
  await working;
  await column.getByText("Succeeded").waitFor();
  await page.getByText("live", { exact: true }).waitFor({ state: "detached" });
  expect(await page.getByRole("log").getByText("Pulled").count()).toBe(2);
  expect(asked).toEqual(["", "text/event-stream"]);
  await finish(visitor);
});

test.each([
  ["the app's page", "/apps/shop", "shop"],
  ["the front page", "/", "Apps"],
  ["the page of targets", "/targets", "Targets"],
])(
  "%s that is open already shows a deploy that begins, its steps as they happen, and what it changed",
  async (_, path, title) => {
    const { tenant, reach, gate, visitor, page } = await watching();
    await page.goto(path);
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
    let loads = 0;
    page.on("framenavigated", () => loads++);
    const underWay = page.getByRole("region", { name: "Under way" });
    await tenant.deploy("shop", { targets: ["web1", "web2"] });
    await underWay.getByText("Deploy shop, release 1").waitFor();
    const working = workOffMessages(tenant, reach);
    const web2 = underWay.getByRole("listitem", { name: "Steps on web2" });
    await web2.getByText("Preflight").waitFor();
    await web2.getByText("Pull images").waitFor();
    expect(await web2.getByText("Start", { exact: true }).count()).toBe(0);
    gate.resolve("good");
    await working;
    await underWay.waitFor({ state: "detached" });
    if (path !== "/targets") await page.getByText("release 1", { exact: true }).first().waitFor();
    expect(loads).toBe(0);
    await finish(visitor);
  },
);

test("a page that only lies open asks little, and out of sight nothing", async () => {
  const { visitor, page } = await watching();
  await page.clock.install();
  await page.goto("/apps/shop");
  await page.getByRole("heading", { level: 1, name: "shop" }).waitFor();
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().includes("/v1/")) asked++;
  });
  const minutes = async (count: number) => {
    asked = 0;
    for (let i = 0; i < count * 60; i++) {
      await page.clock.runFor(1000);
      await page.evaluate(() => fetch("/health").then((answer) => answer.text())); // time for what was asked to be answered
    }
    return asked;
  };
  expect(await minutes(1)).toBeGreaterThan(20);
  await minutes(1.1);
  const idle = await minutes(1);
  expect(idle).toBeGreaterThan(5);
  expect(idle).toBeLessThanOrEqual(14);
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  expect(await minutes(1)).toBe(0);
  await finish(visitor);
});

test("where streams do not get through, the page asks instead and misses nothing", async () => {
  const { tenant, job, reach, gate, visitor, page } = await watched();
  await page.route("**/events*", (route) =>
    route.request().headers().accept === "text/event-stream" ? route.abort() : route.continue(),
  );
  await page.goto(`/jobs/${job.id}`);
  await page.getByText("live (polling)").waitFor();
  const working = workOffMessages(tenant, reach);
  await page.getByRole("listitem", { name: "web1" }).getByText("Pull images").waitFor();
  gate.resolve("good");
  await working;
  await page.getByRole("listitem", { name: "web1" }).getByText("Succeeded").waitFor();
  await expect.poll(() => page.getByRole("log").getByText("Pulled").count()).toBe(2);
  visitor.complaints.length = 0; // the aborted streams were ours
  await finish(visitor);
});

test("a failed deploy says what, where, the container's last lines, what serves now and what to do", async () => {
  const { tenant, job, reach, gate, visitor, page } = await watched();
  gate.resolve("bad");
  await workOffMessages(tenant, reach);
  await page.goto(`/jobs/${job.id}`);
  const panel = page.getByRole("region", { name: "web is not healthy" });
  await panel.getByText("error: DATABASE_URL is not set").waitFor();
  await panel.getByText("The previous release serves again, with its data.").waitFor();
  await panel.getByText("at the step start").waitFor();
  await panel.getByText(/Fix the cause and deploy again/).waitFor();
  await panel.getByRole("link", { name: "unhealthy" }).click();
  await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
  expect(await page.evaluate(() => document.querySelector(":target")?.id)).toBe("unhealthy");
  await finish(visitor);
});

test("a job is canceled only after the question was answered", async () => {
  const { tenant, job, visitor, page } = await watched();
  await page.goto(`/jobs/${job.id}`);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Let it run" }).click();
  expect((await api.call("GET", `/v1/jobs/${job.id}`, { token: await tenant.token(["read"]) })).body.status).toBe("queued");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the job" }).click();
  await page.getByText("Canceled").first().waitFor();
  api.take("jobs");
  await finish(visitor);
});

test("a rollback is asked for with what serves now, and leads to its job", async () => {
  const { tenant, job, reach, gate, visitor, page } = await watched();
  gate.resolve("good");
  await workOffMessages(tenant, reach);
  expect((await tenant.work(job)).status).toBe("succeeded");
  await tenant.work(await tenant.deploy("shop"), reach);
  await page.goto("/apps/shop");
  await page.getByRole("button", { name: "Roll back to release 1" }).click();
  const dialog = page.getByRole("dialog", { name: "Roll shop back to release 1?" });
  await dialog.getByText(/web1 \(release 2 now\) and web2 \(release 2 now\)/).waitFor();
  await dialog.getByRole("button", { name: "Roll back", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Roll shop back to release 1" }).waitFor();
  await workOffMessages(tenant, reach);
  await page.getByRole("listitem", { name: "web1" }).getByText("Succeeded").waitFor();
  expect((await tenant.environment("shop")).healthy).toEqual([1, 2, 1]);
  await finish(visitor);
});

test("a job that is not there is said once, and not asked for again and again", async () => {
  const { visitor, page } = await watched();
  api.take("jobs");
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().includes("/events")) asked++;
  });
  await page.goto("/jobs/job_01J00000000000000000000000");
  await page.getByRole("alert").getByText("No such job").waitFor();
  const soFar = asked;
  await page.waitForTimeout(3_500);
  expect(asked).toBe(soFar);
  await finish(visitor);
});
