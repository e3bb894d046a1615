import { offWords } from "../entitlement/words.ts";

export const billingFailures = {
  "billing.required": { title: "The account has no plan any more", remedy: "Choose a plan, then deploy again." },
  "billing.grace": {
    title: `${offWords.grace.what} before the job started`,
    remedy: "Update your payment method, then deploy again.",
  },
  "billing.restricted": { title: offWords.unpaid.what, remedy: "Pay it, then deploy again." },
  "billing.hold": { title: "A payment is disputed", remedy: "Settle the dispute, then deploy again." },
} as const;
