import { beforeAll, expect, test } from "vitest";
import { signedInPages } from "../../packages/web/src/pages.ts";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { barriers } from "./accessibility.ts";
import { type PageOf, pagesOf } from "./pages.ts";
import { type Scene, scene } from "./scene.ts";
import { useSite } from "./site.ts";
import { enter, type Look, type Visitor, visit, visitAs } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);
let main: Scene;
let all: readonly PageOf[];

beforeAll(async () => {
  main = await scene(api, "mara@harbour.example");
  const started = await api.call("POST", "/v1/auth/device", { body: { client: "berth 0.1.0 on laptop" } });
  all = pagesOf(main, started.body.userCode);
});

async function look(visitor: Visitor, page: PageOf): Promise<Visitor> {
  await visitor.page.goto(page.path);
  await visitor.page.getByRole("heading", { level: 1, name: page.heading }).waitFor();
  await visitor.page.getByText("Loading", { exact: true }).first().waitFor({ state: "detached" });
  return visitor;
}

async function open(page: PageOf, how: Look = {}, email = main.tenant.user.email): Promise<Visitor> {
  const visitor = await visit(site.browser, site.url, how);
  if (!page.signedOut) await enter(visitor, api, site.url, email);
  return look(visitor, page);
}

/** Looks at every page, each as the one it is for. */
async function tour(how: Look, at: (page: PageOf, visitor: Visitor) => Promise<void>): Promise<void> {
  const stranger = await visit(site.browser, site.url, how);
  const owner = await visitAs(main.tenant.user.email, api, site, how);
  for (const page of all) await at(page, await look(page.signedOut ? stranger : owner, page));
  await Promise.all([stranger.close(), owner.close()]);
}

test("every page of the dashboard is among those that are looked at", () => {
  const looked = all.map(({ path }) => new URL(path, site.url).pathname);
  const missing = signedInPages
    .map(({ path }) => path)
    .filter((path) => !looked.some((each) => new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`).test(each)));
  expect(missing).toEqual(["/billing/return"]); // it needs a payment at Stripe: billing.test.ts
});

test("every page is free of barriers, by day and by night, and none complains on the console or breaks its own policy", async () => {
  const found: Record<string, string[]> = {};
  for (const dark of [false, true])
    await tour({ dark, width: dark ? 360 : 1280 }, async (page, visitor) => {
      const problems = [...(await barriers(visitor, dark)), ...visitor.complaints.splice(0), ...visitor.dialogs];
      if (problems.length > 0) found[`${page.name} ${dark ? "dark" : "light"}`] = problems;
    });
  expect(found).toEqual({});
}, 90_000);

test("no page is wider than a narrow phone, and every control on it is inside", async () => {
  const wide: Record<string, unknown> = {};
  await tour({ width: 360, height: 740 }, async (page, visitor) => {
    const found = await visitor.page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      outside: [...document.querySelectorAll("a, button, input, select, summary")]
        .filter((each) => each.getClientRects().length > 0 && each.getBoundingClientRect().right > innerWidth + 1)
        .map((each) => each.outerHTML.slice(0, 120)),
    }));
    if (found.scroll > 360 || found.outside.length > 0) wide[page.name] = found;
  });
  expect(wide).toEqual({});
}, 60_000);

test("a keyboard reaches the content by the skip link, opens the menu, and a followed link puts the focus on the new heading", async () => {
  const [, , , , home] = all;
  const visitor = await open(home!, { width: 360, height: 740 }); // pages.ts lists it fifth
  const { page } = visitor;
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Skip to the content");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Menu");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Targets");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Targets" }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  expect(await page.title()).toBe("Targets · Berth");
  await visitor.close();
});

test("a dialog takes the focus, gives it back when it is closed by the keyboard, and changes nothing", async () => {
  const visitor = await open({ name: "tokens", path: "/tokens", heading: "Tokens" });
  const revoke = visitor.page.getByRole("button", { name: "Revoke laptop" });
  await revoke.click();
  const dialog = visitor.page.getByRole("dialog", { name: "Revoke laptop?" });
  await dialog.waitFor();
  expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  await visitor.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await revoke.evaluate((element) => element === document.activeElement)).toBe(true);
  await revoke.waitFor();
  await visitor.close();
});

test("every code of the catalogue and every class of failure has its own anchor on the errors page", async () => {
  const { catalogue } = await import("@berth/domain/error.ts");
  const { failures } = await import("@berth/domain/job/failure.ts");
  const visitor = await open({ name: "errors", path: "/errors", heading: "Errors", signedOut: true });
  const ids = await visitor.page.evaluate(() => [...document.querySelectorAll(".code-entry")].map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(Object.keys(catalogue)));
  for (const kind of Object.keys(failures)) expect(ids.some((id) => id === kind || id === `job-${kind}`)).toBe(true);
  await visitor.close();
});

test("nobody's page asks for anything of another host", async () => {
  const visitor = await visit(site.browser, site.url);
  const hosts = new Set<string>();
  visitor.page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  await enter(visitor, api, site.url, main.tenant.user.email);
  for (const path of ["/", "/targets", "/pricing", `/jobs/${main.good.id}`]) await visitor.page.goto(path);
  expect([...hosts]).toEqual([site.url]);
  await visitor.close();
});

test("an account that has just begun is led from the plan to the target to the first deploy", async () => {
  const fresh = await testTenant(api, { state: "none" });
  const home: PageOf = { name: "home", path: "/", heading: "Apps" };
  const step = async () => {
    const visitor = await open(home, {}, fresh.user.email);
    const text = await visitor.page.locator("[aria-current=step] h3").textContent();
    await visitor.close();
    return text;
  };
  expect(await step()).toBe("Choose a plan");
  await fresh.entitle("active");
  expect(await step()).toBe("Add a target");
  await fresh.target();
  expect(await step()).toBe("Deploy");
});
