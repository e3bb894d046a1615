import { putOne } from "@berth/domain/table.ts";
import { targetKey } from "@berth/domain/target/target.ts";
import { issueToken } from "@berth/domain/token/issue.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { reporting } from "../api/planning.ts";
import { testApi } from "../support/api.ts";
import { failed, scriptedReach, succeeded } from "../support/reach.ts";
import { packReport } from "../support/report.ts";
import { testTenant } from "../support/tenant.ts";
import { payloads } from "./payloads.ts";
import { useSite } from "./site.ts";
import { enter, type Visitor, visit } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);
let visitor: Visitor;

beforeEach(async () => {
  visitor = await visit(site.browser, site.url);
});
afterEach(() => visitor.close());

/** What pages may lead to besides themselves: support, and the app where it listens on the customer's own server. */
const known = [`mailto:${api.world.support}`, "http://127.0.0.1:8080/"];

/** Nothing on the page was made by a payload: no element it names, no handler, no address but our own and the known ones; and nothing ran or was blocked. */
async function harmless(): Promise<void> {
  const made = await visitor.page.evaluate((allowed) => {
    const strange =
      "img, iframe, object, embed, base, video, audio, math, marquee, template, style, x, form[action], [formaction], script:not([src])";
    const handlers = [...document.querySelectorAll("*")].filter((each) =>
      each.getAttributeNames().some((name) => name.startsWith("on")),
    );
    const links = [...document.querySelectorAll("a")].filter(
      ({ href, origin }) => href !== "" && origin !== location.origin && !allowed.includes(href),
    );
    return [...document.querySelectorAll(strange), ...handlers, ...links].map((each) => each.outerHTML.slice(0, 200));
  }, known);
  expect({ made, dialogs: visitor.dialogs, complaints: visitor.complaints }).toEqual({ made: [], dialogs: [], complaints: [] });
}

const lineOf = (text: string) => text.replaceAll(/\s+/g, " ").trim();

test("hostile names and notes are shown as text wherever they appear: tokens, devices, audit, releases, services", async () => {
  const { page } = visitor;
  const half = Math.ceil(payloads.length / 2); // an account has a hundred tokens at most
  for (const some of [payloads.slice(0, half), payloads.slice(half)]) {
    const { ctx, user } = await testTenant(api);
    for (const payload of some) await issueToken(ctx, { name: payload.slice(0, 80), scopes: ["read"] });
    await enter(visitor, api, site.url, user.email);
    await page.goto("/tokens");
    const names = page.locator(".row-title");
    await names.first().waitFor();
    const shown = new Set((await names.allTextContents()).map(lineOf));
    for (const payload of some) expect(shown).toContain(lineOf(payload.slice(0, 80)));
    await harmless();
  }
  await page
    .getByRole("button", { name: /^Revoke/ })
    .first()
    .click();
  await page.getByRole("dialog").waitFor();
  await harmless();
  const tenant = await testTenant(api, { plan: "studio" });
  await tenant.target();
  await tenant.app();
  for (const payload of payloads.slice(0, 12)) {
    const compose = `services:\n  web:\n    image: ${JSON.stringify(`reg.test/${payload}`)}\n`;
    const job = await tenant
      .deploy("shop", { note: payload.slice(0, 200), compose })
      .catch(() => tenant.deploy("shop", { note: payload }));
    await tenant.work(job);
  }
  await enter(visitor, api, site.url, tenant.user.email);
  for (const path of ["/audit", "/apps/shop", "/"]) {
    await page.goto(path);
    await page.getByText("Loading", { exact: true }).first().waitFor({ state: "detached" });
    await harmless();
  }
  for (const payload of payloads.slice(0, 15)) {
    const started = await api.call("POST", "/v1/auth/device", {
      body: { client: payload.slice(0, 80) },
      headers: { "x-berth-source-ip": payload.slice(0, 9) },
    });
    await page.goto(`/device?code=${started.body.userCode}`);
    await page.getByText("I started this login myself").waitFor();
    expect(lineOf((await page.locator("dd").allTextContents()).join(" | "))).toContain(lineOf(payload.slice(0, 80)));
    await harmless();
  }
}, 90_000);

test("hostile lines, services, steps and last words of a container are shown as text on a job's page and in an app's logs", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const reach = scriptedReach((input, tell) => {
    for (const payload of payloads) {
      const step = input.op === "logs" ? "aaaaaaaaaaaa 2027-03-01T12:00:00.000000000Z" : "start";
      tell({ type: "log", step, service: payload, text: payload });
      tell({ type: "step", step: payload, text: payload });
    }
    if (input.op === "logs") {
      tell({ type: "note", step: "begun 2027-03-01T12:00:00Z" });
      return succeeded();
    }
    return failed({
      class: "unhealthy",
      step: payloads[0]!,
      service: payloads[3]!,
      message: payloads[6]!,
      log: payloads.slice(0, 40),
      rolledBack: true,
      changed: true,
    });
  });
  const live = await tenant.work(await tenant.deploy("shop"));
  expect(live.status).toBe("succeeded");
  const job = await tenant.work(await tenant.deploy("shop"), reach);
  await enter(visitor, api, site.url, tenant.user.email);
  const { page } = visitor;
  await page.goto(`/jobs/${job.id}`);
  await page
    .locator(".line")
    .nth(2 * payloads.length - 1)
    .waitFor();
  const lines = (await page.locator(".line-text").allTextContents()).map(lineOf);
  for (const payload of payloads) expect(lines).toContain(lineOf(payload));
  await harmless();
  await page.goto("/apps/shop");
  await page.getByLabel("Show").selectOption("300");
  await page.getByRole("button", { name: "Read the logs" }).click();
  await expect
    .poll(async () => {
      await tenant.drain(reach);
      return reach.runs.some(({ op }) => op === "logs");
    })
    .toBe(true);
  await page
    .locator(".line")
    .nth(payloads.length - 1)
    .waitFor();
  await harmless();
}, 60_000);

test("hostile words of a server about itself are shown as text on its card", async () => {
  const tenant = await testTenant(api);
  const target = await tenant.target();
  await enter(visitor, api, site.url, tenant.user.email);
  const { page } = visitor;
  for (const payload of payloads.slice(0, 20)) {
    const facts = { docker: payload, compose: payload, arch: payload, os: payload, disk_free_mb: payload };
    const problem = { class: payload, message: payload, remedy: payload };
    const shownKey = { type: payload, key: payload, fingerprint: payload };
    await putOne(tenant.ctx, targetKey(tenant.ctx, target.id), {
      ...target,
      status: "changed",
      publicKey: payload,
      facts,
      problem,
      shownKey,
    });
    await page.goto("/targets");
    await page.getByRole("listitem", { name: "web1" }).waitFor();
    expect(lineOf((await page.locator(".target").textContent()) ?? "")).toContain(lineOf(payload));
    await harmless();
  }
}, 60_000);

test("a hostile address leads nowhere: after signing in one is on our own pages, and a code or session in it is only text", async () => {
  const tenant = await testTenant(api);
  await enter(visitor, api, site.url, tenant.user.email);
  const { page } = visitor;
  const away = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "/.//evil.example",
    "/..//evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
  ];
  for (const next of [...away, ...payloads.slice(0, 10)]) {
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await page.getByRole("heading", { level: 1, name: /^(Apps|There is no such page)$/ }).waitFor();
    expect(new URL(page.url()).origin).toBe(site.url);
    await harmless();
  }
  for (const payload of payloads.slice(0, 10)) {
    await page.goto(`/device?code=${encodeURIComponent(payload)}`);
    await page.getByRole("heading", { level: 1, name: "Confirm a login" }).waitFor();
    await page.goto(`/errors#${encodeURIComponent(payload)}`);
    await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
    await page.goto(`/apps/${encodeURIComponent(payload.replaceAll("/", "-"))}`);
    await page.getByRole("alert").waitFor();
    await harmless();
  }
}, 60_000);

test("what a hostile server reports for a plan is shown as text", async () => {
  const { page } = visitor;
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  await enter(visitor, api, site.url, tenant.user.email);
  const some = payloads.filter((payload) => /^[ -~]{1,120}$/.test(payload)).slice(0, 50);
  const named = some.map((payload, at) => [`s${at}`, { image: payload, privileged: true }]);
  const job = await tenant.deploy("shop");
  await tenant.work(job, reporting(await packReport(Object.fromEntries(named))));
  await page.goto(`/jobs/${job.id}`);
  const plan = page.getByRole("region", { name: "Plan", exact: true });
  await plan.getByText("operations, in their order").click();
  const shown = lineOf((await plan.textContent()) ?? "");
  for (const payload of some) expect(shown).toContain(lineOf(payload));
  await harmless();
});
