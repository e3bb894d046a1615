/** `STRIPE_WEBHOOK` names the SSM parameter with the signing secret; two, comma-separated, during a rotation. */
export interface WebhookEnv {
  readonly STAGE: string;
  readonly BILLING_QUEUE: string;
  readonly STRIPE_WEBHOOK: string;
}
