import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startCheckout } from "@berth/domain/billing/buying/checkout.ts";
import type { Context } from "@berth/domain/context.ts";
import { accountKey } from "@berth/domain/entitlement/account.ts";
import { Problem } from "@berth/domain/error.ts";
import { listAll } from "@berth/domain/query.ts";
import { globalKey, key, putOne, updateOne } from "@berth/domain/table.ts";
import type { Page } from "playwright-core";
import { openStripeStage } from "../billing/stripe-stage.ts";
import { testApi } from "../support/api.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
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
const stage = await openStripeStage({ chaos: "calm" });
const api = testApi(stage.test);

/** Buys the plan on the local Stripe's page; answers where that leads back to. */
async function buy(ctx: Context): Promise<string> {
  const { url } = await startCheckout(ctx, "pro");
  const form = new URLSearchParams({ number: cards.works, expiry: "12 / 40", cvc: "123", name: "Mara Harbour" });
  const answer = await fetch(url, { method: "POST", body: form, redirect: "manual" });
  await stage.settle();
  const { pathname, search } = new URL(answer.headers.get("location") ?? "");
  return pathname + search;
}
interface Shot {
  readonly name: string;
  readonly path: string;
  readonly heading: string | RegExp;
  readonly email: string | undefined;
  readonly state: "active" | "grace" | "restricted" | "ended" | undefined;
  readonly act?: (page: Page) => Promise<void>;
}

/** A plan that was paid to its last day and has ended. */
const end = async (tenant: TestTenant) =>
  putOne(tenant.ctx, accountKey(tenant.ctx), {
    ...(await tenant.account()),
    kind: "ended",
    plan: null,
    graceUntil: null,
    slotLimit: 0,
    targetLimit: 0,
  });

async function openClosing(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Close the account" }).click();
  await page.getByRole("dialog").getByText("Type the word first").waitFor();
}

/** The portal, asked for by somebody whose sign-in is long ago. */
async function askForPortal(page: Page): Promise<void> {
  const { ctx } = main.tenant;
  const rows = await listAll(ctx, { pk: key(ctx, "").pk, prefix: "SESSION#" });
  const stale = { change: "REMOVE provedAt", condition: "attribute_exists(pk)" };
  for (const { sk } of rows)
    await updateOne(ctx, globalKey("SESSION", String(sk).slice("SESSION#".length)), stale, new Problem("version.stale"));
  await page.getByRole("button", { name: "Card, invoices, cancelling" }).click();
  await page.getByText("We mailed a code to").waitFor();
}

const [browser, site] = await Promise.all([launchBrowser(), serveDashboard(api)]);
const main = await scene(api, "mara@harbour.example");
try {
  await mkdir(FOLDER, { recursive: true });
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
    { name: "billing-ended", path: "/billing", heading: "Billing", email: account, state: "ended" as const },
    { name: "account-close", path: "/account", heading: "Account", email: account, state: undefined, act: openClosing },
    { name: "proof", path: "/billing", heading: "Billing", email: account, state: undefined, act: askForPortal },
  ];
  for (const width of [360, 1440] as const)
    for (const dark of [false, true])
      for (const { name, path, heading, email, state, act } of pages as readonly Shot[]) {
        if (wanted.size > 0 && !wanted.has(name)) continue;
        await main.tenant.entitle(state === "ended" ? "restricted" : (state ?? "active"));
        if (state === "ended") await end(main.tenant);
        const visitor = await visit(browser, site.url, { width, height: width === 360 ? 740 : 900, dark });
        await visitor.context.clock.setFixedTime(api.clock.now());
        if (email) await enter(visitor, api, site.url, email);
        await visitor.page.goto(path);
        await visitor.page.getByRole("heading", { level: 1, name: heading }).waitFor();
        await visitor.page.waitForLoadState("networkidle").catch(() => undefined); // a live page is never idle
        await act?.(visitor.page);
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
  await stage.close();
}
