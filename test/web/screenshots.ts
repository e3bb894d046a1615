import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startCheckout } from "@berth/domain/billing/checkout.ts";
import type { Context } from "@berth/domain/context.ts";
import { openTill } from "../billing/till.ts";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { launchBrowser } from "./browser.ts";
import { cards } from "./cards.ts";
import { serveDashboard } from "./dashboard.ts";
import { pagesOf } from "./pages.ts";
import { shrink } from "./png.ts";
import { scene } from "./scene.ts";
import { enter, visit } from "./visitor.ts";

/** Draws every page narrow and wide, light and dark, into docs/screenshots/. `node test/web/screenshots.ts [name ...]` draws some. */
const FOLDER = process.env.SCREENSHOTS ?? join(import.meta.dirname, "../../docs/screenshots");
const WIDEST_BYTES = 150 * 1024;
/** Taller pages are cut here: the file is to show a page, not to hold it. */
const TALLEST = { 360: 3_200, 1440: 1_900 } as const;

const wanted = new Set(process.argv.slice(2));
const till = await openTill({ chaos: "calm" });
const api = testApi(till.test);
const [browser, site] = await Promise.all([launchBrowser(), serveDashboard(api)]);

/** Buys the plan on the local Stripe's page; answers where that leads back to. */
async function buy(ctx: Context): Promise<string> {
  const { url } = await startCheckout(ctx, "pro");
  const form = new URLSearchParams({ number: cards.works, expiry: "12 / 40", cvc: "123", name: "Mara Harbour" });
  const answer = await fetch(url, { method: "POST", body: form, redirect: "manual" });
  await till.settle();
  const { pathname, search } = new URL(answer.headers.get("location") ?? "");
  return pathname + search;
}
try {
  await mkdir(FOLDER, { recursive: true });
  const main = await scene(api, "mara@harbour.example");
  const fresh = await testTenant(api, { email: "nils@harbour.example", state: "none" });
  const started = await api.call("POST", "/v1/auth/device", { body: { client: "berth 0.1.0 on mara-laptop" } });
  const account = main.tenant.user.email;
  const paid = await buy(main.tenant.ctx);
  const pages = [
    ...pagesOf(main, started.body.userCode).map((page) => ({
      ...page,
      email: page.signedOut ? undefined : account,
      state: undefined,
    })),
    { name: "billing-return", path: paid, heading: "Your plan is active", email: account, state: undefined },
    { name: "home-empty", path: "/", heading: "Apps", email: fresh.user.email, state: undefined },
    { name: "home-grace", path: "/", heading: "Apps", email: account, state: "grace" as const },
    { name: "billing-restricted", path: "/billing", heading: "Billing", email: account, state: "restricted" as const },
  ];
  for (const width of [360, 1440] as const)
    for (const dark of [false, true])
      for (const { name, path, heading, email, state } of pages) {
        if (wanted.size > 0 && !wanted.has(name)) continue;
        await main.tenant.entitle(state ?? "active");
        const visitor = await visit(browser, site.url, { width, height: width === 360 ? 740 : 900, dark });
        await visitor.context.clock.setFixedTime(api.clock.now());
        if (email) await enter(visitor, api, site.url, email);
        await visitor.page.goto(path);
        await visitor.page.getByRole("heading", { level: 1, name: heading }).waitFor();
        await visitor.page.waitForLoadState("networkidle").catch(() => undefined); // a live page is never idle
        const file = join(FOLDER, `${name}-${width}-${dark ? "dark" : "light"}.png`);
        const tall = await visitor.page.evaluate(() => document.documentElement.scrollHeight);
        await visitor.page.setViewportSize({ width, height: Math.min(tall, TALLEST[width]) });
        await writeFile(file, shrink(await visitor.page.screenshot()));
        await visitor.close();
        const { size } = await stat(file);
        console.log(`${file} ${Math.round(size / 1024)} KB${size > WIDEST_BYTES ? " TOO LARGE" : ""}`);
        if (size > WIDEST_BYTES) process.exitCode = 1;
      }
} finally {
  await browser.close();
  await site.close();
  await till.close();
}
