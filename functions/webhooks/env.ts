/**
 * The ingress's environment. It reaches the billing queue and its own secret and nothing else: not the table, not Stripe.
 * `STRIPE_WEBHOOK` names the SSM parameter with the endpoint's signing secret; two, parted by a comma, while one replaces the other.
 */
export interface WebhookEnv {
  readonly STAGE: string;
  readonly BILLING_QUEUE: string;
  readonly STRIPE_WEBHOOK: string;
}
