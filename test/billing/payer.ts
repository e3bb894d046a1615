import { startCheckout } from "@berth/domain/billing/buying/checkout.ts";
import { openPortal } from "@berth/domain/billing/buying/portal.ts";
import { type Account, entitlement } from "@berth/domain/entitlement/account.ts";
import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import type Stripe from "stripe";
import { proved } from "../api/proved.ts";
import type { TestTenant } from "../support/tenant.ts";
import type { StripeStage } from "./stripe-stage.ts";

export const cards = {
  works: "4242424242424242",
  declined: "4000000000000002",
  poor: "4000000000009995",
  attachesThenDeclines: "4000000000000341",
  asks: "4000002500003155",
  alwaysAsks: "4000002760003184",
} as const;

/** A customer with a tenant of its own, from signing up on. */
export interface Payer extends TestTenant {
  /** Opens a payment page, or is refused. */
  checkout(plan?: PricingPlanName): Promise<string>;
  /** Buys a plan on the hosted page, with 3D Secure where the bank asks, and waits until everything has settled. */
  buy(plan?: PricingPlanName, card?: string): Promise<Account>;
  /** Pays a payment page; answers the browser's answer. */
  pay(url: string, card?: string): Promise<Response>;
  state(): Promise<string>;
  /** The customer at Stripe. */
  customer(): Promise<string>;
  subscription(): Promise<Stripe.Subscription>;
  /** Puts a card in the place of the one that is charged, as the portal does. */
  useCard(token: string): Promise<void>;
  /** The open portal page's address. */
  portal(): Promise<string>;
  mails(): string[];
}

/** Lets a tenant pay. */
export function payer(stage: StripeStage, tenant: TestTenant): Payer {
  const { stripe, test } = stage;
  const post = (url: string, fields: Record<string, string>) =>
    fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  const each: Payer = {
    ...tenant,
    checkout: async (plan = "solo") => (await startCheckout(tenant.ctx, plan)).url,
    async pay(url, number = cards.works) {
      const answer = await post(url, { number, expiry: "12 / 40", cvc: "123", name: "Ann Example" });
      if (!answer.headers.get("location")?.endsWith("/authenticate")) return answer;
      return post(`${url}/authenticate`, { answer: "approve" });
    },
    async buy(plan = "solo", card = cards.works) {
      const answer = await each.pay(await each.checkout(plan), card);
      if (answer.status !== 303) throw new Error(`the page answered ${answer.status}`);
      await stage.settle();
      return tenant.account();
    },
    state: async () => entitlement(await tenant.account(), test.world.now()),
    async customer() {
      const { customer } = await tenant.account();
      if (customer === undefined) throw new Error("the tenant has no customer");
      return customer;
    },
    async subscription() {
      const { data } = await stripe.subscriptions.list({ customer: await each.customer(), status: "all", limit: 100 });
      const [newest] = data;
      if (!newest) throw new Error("the customer has no subscription");
      return newest;
    },
    async useCard(token) {
      const customer = await each.customer();
      const method = await stripe.paymentMethods.attach(token, { customer });
      await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
      const subscription = await each.subscription();
      if (subscription.status !== "canceled")
        await stripe.subscriptions.update(subscription.id, { default_payment_method: method.id });
    },
    portal: async () => (await openPortal(proved(tenant.ctx))).url,
    mails: () =>
      test
        .mails()
        .filter(({ to, template }) => to === tenant.user.email && template !== "code")
        .map(({ template }) => template),
  };
  return each;
}
