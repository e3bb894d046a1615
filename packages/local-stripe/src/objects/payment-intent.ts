import type { Metadata } from "./parts.ts";
import type { PaymentMethod } from "./payment-method.ts";

/**
 * The wish to be paid an amount: `requires_payment_method` -> `requires_confirmation` -> `requires_action` -> `succeeded`, or
 * `canceled`. A failed charge puts it back to `requires_payment_method` with its `last_payment_error`.
 */
export interface PaymentIntent {
  id: string;
  object: "payment_intent";
  allowed_payment_method_types: null;
  amount: number;
  amount_capturable: number;
  amount_details: { tip: object };
  amount_received: number;
  application: null;
  application_fee_amount: null;
  automatic_payment_methods: null;
  canceled_at: number | null;
  cancellation_reason: "void_invoice" | "abandoned" | null;
  capture_method: "automatic";
  client_secret: string;
  confirmation_method: "automatic";
  created: number;
  currency: string;
  customer: string;
  customer_account: null;
  description: string | null;
  excluded_payment_method_types: null;
  last_payment_error: PaymentError | null;
  latest_charge: string | null;
  livemode: false;
  managed_payments: null;
  metadata: Metadata;
  next_action: { type: "redirect_to_url"; redirect_to_url: { return_url: null; url: string } } | null;
  on_behalf_of: null;
  payment_method: string | null;
  payment_method_configuration_details: null;
  payment_method_options: {
    card: { installments: null; mandate_options: null; network: null; request_three_d_secure: "automatic" };
  };
  payment_method_types: string[];
  payment_record: null;
  processing: null;
  receipt_email: null;
  review: null;
  setup_future_usage: "off_session" | null;
  shipping: null;
  source: null;
  statement_descriptor: null;
  statement_descriptor_suffix: null;
  status: "requires_payment_method" | "requires_confirmation" | "requires_action" | "succeeded" | "canceled";
  transfer_data: null;
  transfer_group: null;
}

export interface PaymentError {
  type: "card_error";
  code: string;
  decline_code: string;
  message: string;
  charge: string;
  payment_method: PaymentMethod;
}
