import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import type Stripe from "stripe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, createBench, type Sold, sell, subscribe } from "./harness.ts";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let bench: Bench;
let browser: Browser;
let sold: Sold;
let portal: string;
let invoice: string;

beforeAll(async () => {
  if (!browserPath) return;
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  bench = await createBench();
  sold = await sell(bench.stripe);
  const subscription = await subscribe(bench.stripe, sold);
  const products = [sold.prices.solo, sold.prices.pro].map((price) => ({ product: price.product as string, prices: [price.id] }));
  await bench.stripe.billingPortal.configurations.create({
    features: {
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true },
      subscription_update: { enabled: true, default_allowed_updates: ["price"], proration_behavior: "always_invoice", products },
    },
  });
  portal = (
    await bench.stripe.billingPortal.sessions.create({ customer: sold.customer.id, return_url: `${bench.server.url}/_sim/now` })
  ).url;
  const { latest_invoice: latest } = await bench.stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
  invoice = (latest as Stripe.Invoice).hosted_invoice_url!;
});
afterAll(async () => {
  await browser?.close();
  await bench?.close();
});

const checkout = async (customer = sold.customer.id) =>
  (
    await bench.stripe.checkout.sessions.create({
      mode: "subscription",
      customer,
      line_items: [{ price: sold.prices.pro.id, quantity: 1 }],
      success_url: `${bench.server.url}/_sim/now?session={CHECKOUT_SESSION_ID}`,
    })
  ).url!;

async function flaws(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return wide > 0 ? [...found, `scrolls sideways by ${wide}px`] : found;
}

const looks = [360, 1440].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));

test.skipIf(!browserPath).each(looks)("the pages are accessible and fit at $width px in $scheme", async ({ width, scheme }) => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: true });
  const addresses = [
    await checkout(),
    `${await checkout()}?card=4242424242424242`,
    portal,
    `${portal}?card=4242424242424242`,
    `${portal}/switch`,
    `${portal}/cancel`,
    invoice,
  ];
  for (const address of addresses) {
    await page.goto(address);
    expect(await flaws(page), address).toEqual([]);
  }
  await page.close();
});

test.skipIf(!browserPath)(
  "a customer without scripts is declined, chooses another test card, passes 3D Secure and comes back paid",
  async () => {
    const { customer } = await sell(bench.stripe);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(await checkout(customer.id));
    await page.getByLabel("Card number").fill("4000 0000 0000 0002");
    await page.getByLabel("Expiry").fill("12/40");
    await page.getByLabel("Security code").fill("123");
    await page.getByLabel("Name on card").fill("Ann Example");
    await page.getByRole("button", { name: "Subscribe" }).click();
    expect(await page.getByRole("alert").textContent()).toBe("Your card was declined.");
    await page.getByText("Test cards").click();
    await page.getByRole("link", { name: "4000 0025 0000 3155" }).click();
    await page.getByRole("button", { name: "Subscribe" }).click();
    await page.getByRole("button", { name: "Complete authentication" }).click();
    expect(page.url()).toContain("session=cs_test_");
    expect((await bench.stripe.subscriptions.list({ customer: customer.id })).data).toHaveLength(1);
    await context.close();
  },
);
