import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { proofCode } from "../api/proved.ts";
import { DAY, openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { type TestApi, testApi } from "../support/api.ts";
import { barriers } from "./accessibility.ts";
import { launchBrowser } from "./browser.ts";
import { cards } from "./cards.ts";
import { type Dashboard, serveDashboard } from "./dashboard.ts";
import { type Visitor, visit } from "./visitor.ts";

let stage: StripeStage;
let api: TestApi;
let browser: Browser;
let site: Dashboard;
let visitor: Visitor;

beforeAll(async () => {
  stage = await openStripeStage({ chaos: "calm" });
  api = testApi(stage.test);
  [browser, site] = await Promise.all([launchBrowser(), serveDashboard(api)]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await stage?.close();
});
beforeEach(async () => {
  visitor = await visit(browser, site.url);
});
afterEach(async () => {
  const { dialogs } = visitor;
  await visitor.close();
  expect(dialogs).toEqual([]);
});

const heading = (name: string | RegExp) => visitor.page.getByRole("heading", { level: 1, name }).waitFor();

async function signUp(email: string): Promise<void> {
  const { page } = visitor;
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill(email);
  await page.keyboard.press("Enter");
  const field = page.getByLabel("Six-digit code");
  await field.waitFor();
  await field.pressSequentially(api.code(email));
  await heading("Apps");
}

/** Types a card into the form on Stripe's page. */
async function typeCard(number: string): Promise<void> {
  const { page } = visitor;
  await page.getByLabel("Card number").fill(number);
  await page.getByLabel("Expiry").fill("12 / 40");
  await page.getByLabel("Security code").fill("123");
  await page.getByLabel("Name on card").fill("Ada Example");
}

async function customerOf(email: string): Promise<string> {
  const { data } = await stage.stripe.customers.list({ email });
  if (!data[0]) throw new Error(`${email} is no customer`);
  return data[0].id;
}

test("a stranger signs up, pays with 3D Secure, upgrades, plans a downgrade and takes it back, falls late, replaces the card, and is active again", async () => {
  const email = "ada@harbour.example";
  const { page } = visitor;
  await signUp(email);
  await page.goto("/plans");
  await page.getByRole("button", { name: "Choose Solo" }).click();
  await page.getByRole("heading", { name: /Subscribe to/ }).waitFor();
  await typeCard(cards.alwaysAsks);
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByRole("button", { name: "Complete authentication" }).click();
  await heading("Your plan is active");
  await page.getByText("Solo is paid: 3 app slots and 2 targets are yours.").waitFor();
  expect(await barriers(visitor)).toEqual([]);

  // The next charges are made without the customer; a card that always asks could not pay them.
  await stage.stripe.paymentMethods
    .attach("pm_card_visa", { customer: await customerOf(email) })
    .then(async ({ id, customer }) => {
      const { data } = await stage.stripe.subscriptions.list({ customer: String(customer) });
      await stage.stripe.subscriptions.update(data[0]?.id ?? "", { default_payment_method: id });
    });

  await page.goto("/plans");
  await page.getByRole("button", { name: "Change to Pro" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("$10").first().waitFor();
  await dialog.getByRole("button", { name: "Pay $10 and change" }).click();
  await page.getByText("Pro is in force.").waitFor();
  await page.getByText("This is your plan").waitFor();

  await page.getByRole("button", { name: "Change to Solo" }).click();
  await dialog.getByText("1 April 2027").waitFor();
  await dialog.getByRole("button", { name: "Change it" }).click();
  await page.getByText("Solo begins on 1 April 2027.", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Keep Pro" }).click();
  await dialog.getByText("The planned change is taken back").waitFor();
  await dialog.getByRole("button", { name: "Change it" }).click();
  await page.getByText("Solo begins on 1 April 2027.", { exact: true }).waitFor({ state: "detached" });

  await page.goto("/billing");
  await page.getByText("Paid until").waitFor();
  await page.getByRole("region", { name: "Invoices" }).getByText("$9", { exact: true }).waitFor();
  expect(await barriers(visitor)).toEqual([]);

  stage.control.failCards(await customerOf(email), "generic_decline");
  await stage.advance(31 * DAY + 7_200);
  await signUp(email); // a session lasts 30 days
  await page.getByRole("complementary", { name: "Billing notice" }).getByText("8 April 2027").waitFor();
  await page.getByRole("link", { name: "Fix the payment" }).click();
  await heading("Billing");
  await page.getByText("Grace ends").waitFor();
  await page.getByRole("region", { name: "Invoices" }).getByText("Open", { exact: true }).waitFor();
  expect(await barriers(visitor)).toEqual([]);

  stage.control.fixCards(await customerOf(email));
  await page.getByRole("button", { name: "Fix the payment" }).click();
  await page.getByRole("heading", { name: /Billing for/ }).waitFor();
  await page.getByRole("link", { name: "Pay now" }).click();
  await typeCard(cards.works);
  await page.getByRole("button", { name: "Pay with this card" }).click();
  await page.getByRole("link", { name: "Return to Berth" }).click();
  await heading("Billing");
  await page.getByText("Active", { exact: true }).waitFor();
  expect(await page.getByRole("complementary", { name: "Billing notice" }).count()).toBe(0);
}, 90_000);

/** Types the code from the mail that asked for a proof into the dialog. */
async function prove(email: string): Promise<void> {
  const field = visitor.page.getByRole("dialog", { name: "Is it you?" }).getByLabel("Six-digit code");
  await field.waitFor();
  await visitor.page.getByText("We mailed a code to").waitFor();
  await field.pressSequentially(proofCode(stage.test, email));
}

test("after an hour the portal opens only with a code from the mail", async () => {
  const email = "cy@harbour.example";
  const { page } = visitor;
  await signUp(email);
  await page.goto("/plans");
  await page.getByRole("button", { name: "Choose Solo" }).click();
  await page.getByRole("heading", { name: /Subscribe to/ }).waitFor();
  await typeCard(cards.works);
  await page.getByRole("button", { name: "Subscribe" }).click();
  await heading("Your plan is active");
  await stage.advance(3600);
  await page.goto("/billing");
  await page.getByRole("button", { name: "Card, invoices, cancelling" }).click();
  await page.getByText("We mailed a code to c…@harbour.example").waitFor();
  expect(await barriers(visitor)).toEqual([]);
  await page.getByRole("dialog", { name: "Is it you?" }).getByRole("button", { name: "Not now" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Card, invoices, cancelling" }).click();
  await prove(email);
  await page.getByRole("heading", { name: /Billing for/ }).waitFor();

  await page.goto("/account");
  await page.getByRole("button", { name: "Close the account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Type the word first").waitFor();
  expect(await barriers(visitor)).toEqual([]);
  await stage.advance(1000);
  await dialog.getByLabel("Type close to confirm").fill("close");
  await page.keyboard.press("Enter");
  await prove(email);
  await page.getByText("Your account is closed.").waitFor();
  await heading(/A berth for every app/);
  expect((await stage.stripe.customers.list({ email })).data).toEqual([]);
  await signUp(email);
  await page.goto("/billing");
  await page.getByText("No plan yet").waitFor();
}, 90_000);

test("a declined card says so on Stripe's page, and coming back without paying grants nothing", async () => {
  const { page } = visitor;
  await signUp("bo@harbour.example");
  await page.goto("/plans");
  await page.getByRole("button", { name: "Choose Pro" }).click();
  await page.getByRole("heading", { name: /Subscribe to/ }).waitFor();
  await typeCard(cards.declined);
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByRole("link", { name: "Back" }).click();
  await heading("Plans");
  await page.getByRole("button", { name: "Choose Pro" }).waitFor();
  await page.goto("/billing/return?session_id=cs_test_somebody_elses");
  await page.getByText("The request is not valid").waitFor();
  await page.goto("/billing");
  await page.getByText("No plan yet").waitFor();
}, 60_000);
