import { expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { containersOf, scriptedReach, succeeded } from "../support/reach.ts";
import { speaking } from "../support/speaking.ts";
import { testTenant } from "../support/tenant.ts";
import { useSite } from "./site.ts";
import { enter, visit } from "./visitor.ts";

const api = testApi({ running: true, start: new Date() });
const site = useSite(api);

/** An app whose server says what it is told to say, on its page. */
async function watching(width: number, height: number, zone: string) {
  const server = speaking();
  const reach = scriptedReach((input, tell, signal) =>
    input.op === "logs"
      ? server.play(input, tell, signal)
      : { ...succeeded(), containers: containersOf({ service: "web" }, { service: "worker" }) },
  );
  const tenant = await testTenant(api, { reach });
  await tenant.target();
  await tenant.app();
  await tenant.work(await tenant.deploy("shop"));
  const failures: unknown[] = [];
  const working = setInterval(() => tenant.drain().catch((error: unknown) => failures.push(error)), 50);
  const visitor = await visit(site.browser, site.url, { width, height, zone });
  const { page } = visitor;
  await enter(visitor, api, site.url, tenant.user.email);
  for (let i = 0; i < 40; i++) server.say(`GET /orders/${i} 200, a line that is longer than a telephone's screen is wide`);
  await page.goto("/apps/shop");
  const finish = async () => {
    clearInterval(working);
    server.end();
    await visitor.close();
    expect({ failures, dialogs: visitor.dialogs }).toEqual({ failures: [], dialogs: [] });
    // Chrome's own line for a request without a network, which is what was asked for.
    expect(visitor.complaints.filter((each) => !each.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
  };
  return { server, page, network: (on: boolean) => visitor.context.setOffline(!on), finish };
}

test.each([
  ["wide", 1280, 900, "UTC"],
  ["narrow", 390, 844, "Asia/Kolkata"],
])(
  "on a %s screen logs are followed, paused, stopped and followed again, through a lost network, and no line is left out",
  async (_, width, height, zone) => {
    const { server, page, network, finish } = await watching(width, height, zone);
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    const log = page.getByRole("log");
    const state = (text: string) => page.getByRole("status").getByText(text, { exact: true });
    const atEnd = () => log.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2);

    await button("Follow").click();
    await state("Live").waitFor();
    await log.getByText("GET /orders/39").waitFor();
    server.say("a new line");
    await log.getByText("a new line").waitFor();
    await expect.poll(atEnd).toBe(true);
    const [at, shown] = await log
      .locator("time")
      .first()
      .evaluate((each) => [String(each.getAttribute("datetime")), each.textContent] as const);
    expect(shown).toBe(new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone }).format(new Date(at)));
    const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    expect(fits).toBe(true);
    const [beside, own] = await Promise.all([button("Stop following").boundingBox(), state("Live").boundingBox()]);
    if (beside && own && own.x > beside.x)
      expect(Math.abs(beside.y + beside.height / 2 - own.y - own.height / 2)).toBeLessThan(6);

    await button("Pause").click();
    for (const word of ["one", "two", "three"]) server.say(`while paused ${word}`);
    await button("Resume, 3 new lines").waitFor();
    expect(await log.getByText("while paused").count()).toBe(0);
    await button("Resume, 3 new lines").click();
    await log.getByText("while paused three").waitFor();
    await expect.poll(atEnd).toBe(true);

    await button("Pause").click();
    server.say("paused again");
    await button("Resume, 1 new line").waitFor();
    await button("Stop following").click();
    await log.getByText("paused again").waitFor();
    await button("Follow").click();
    await state("Live").waitFor();
    await log.getByText("paused again").waitFor();
    await button("Pause").waitFor();

    const green = await state("Live").evaluate((each) => getComputedStyle(each).color);
    await network(false);
    await state("Connection lost; trying again").waitFor();
    const lost = await state("Connection lost; trying again").evaluate((each) => getComputedStyle(each).color);
    expect(lost).not.toBe(green);
    server.say("said meanwhile");
    await network(true);
    await log.getByText("said meanwhile").waitFor();
    await state("Live").waitFor();
    expect(await log.getByText("paused again").count()).toBe(1);
    await finish();
  },
);
