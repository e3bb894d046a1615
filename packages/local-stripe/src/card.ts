/**
 * The test cards: what each does when it is attached, charged, and asked to authenticate.
 * Stripe documents the numbers at https://docs.stripe.com/testing.
 */
export interface Card {
  number: string;
  brand: "visa" | "mastercard" | "amex";
  /** The decline code of every charge, if it is declined. */
  declines?: DeclineCode;
  /** Saving it works although charging it does not. */
  attaches?: boolean;
  /** When the cardholder must authenticate: at every charge, or until it was once set up. */
  authenticates?: "always" | "until_set_up";
  /** The test payment methods and tokens that stand for it. */
  tokens: string[];
  /** What the payment page says about it. */
  says: string;
}

export const cards: readonly Card[] = [
  { number: "4242424242424242", brand: "visa", tokens: ["pm_card_visa", "tok_visa"], says: "Succeeds" },
  {
    number: "5555555555554444",
    brand: "mastercard",
    tokens: ["pm_card_mastercard", "tok_mastercard"],
    says: "Succeeds (Mastercard)",
  },
  { number: "378282246310005", brand: "amex", tokens: ["pm_card_amex", "tok_amex"], says: "Succeeds (American Express)" },
  {
    number: "4000002500003155",
    brand: "visa",
    authenticates: "until_set_up",
    tokens: ["pm_card_authenticationRequiredOnSetup"],
    says: "Asks for 3D Secure once",
  },
  {
    number: "4000000000003220",
    brand: "visa",
    authenticates: "always",
    tokens: ["pm_card_threeDSecure2Required", "tok_threeDSecure2Required"],
    says: "Asks for 3D Secure every time",
  },
  {
    number: "4000002760003184",
    brand: "visa",
    authenticates: "always",
    tokens: ["pm_card_authenticationRequired"],
    says: "Asks for 3D Secure every time",
  },
  {
    number: "4000000000000341",
    brand: "visa",
    declines: "generic_decline",
    attaches: true,
    tokens: ["pm_card_chargeCustomerFail", "tok_chargeCustomerFail"],
    says: "Can be saved, then declined",
  },
  {
    number: "4000000000000002",
    brand: "visa",
    declines: "generic_decline",
    tokens: ["pm_card_chargeDeclined", "pm_card_visa_chargeDeclined", "tok_chargeDeclined"],
    says: "Declined",
  },
  {
    number: "4000000000009995",
    brand: "visa",
    declines: "insufficient_funds",
    tokens: ["pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"],
    says: "Insufficient funds",
  },
  {
    number: "4000000000009987",
    brand: "visa",
    declines: "lost_card",
    tokens: ["pm_card_chargeDeclinedLostCard", "pm_card_visa_chargeDeclinedLostCard"],
    says: "Lost card",
  },
  {
    number: "4000000000009979",
    brand: "visa",
    declines: "stolen_card",
    tokens: ["pm_card_chargeDeclinedStolenCard", "pm_card_visa_chargeDeclinedStolenCard"],
    says: "Stolen card",
  },
  {
    number: "4000000000000069",
    brand: "visa",
    declines: "expired_card",
    tokens: ["pm_card_chargeDeclinedExpiredCard"],
    says: "Expired card",
  },
  {
    number: "4000000000000127",
    brand: "visa",
    declines: "incorrect_cvc",
    tokens: ["pm_card_chargeDeclinedIncorrectCvc"],
    says: "Wrong security code",
  },
  {
    number: "4000000000000119",
    brand: "visa",
    declines: "processing_error",
    tokens: ["pm_card_chargeDeclinedProcessingError"],
    says: "Processing error",
  },
];

export interface Decline {
  code: string;
  message: string;
}

const declined = "Your card was declined.";

/** What a decline code means on the wire: the error's `code` and its words. */
export const declines = {
  generic_decline: { code: "card_declined", message: declined },
  insufficient_funds: { code: "card_declined", message: "Your card has insufficient funds." },
  lost_card: { code: "card_declined", message: declined },
  stolen_card: { code: "card_declined", message: declined },
  pickup_card: { code: "card_declined", message: declined },
  do_not_honor: { code: "card_declined", message: declined },
  revocation_of_authorization: { code: "card_declined", message: declined },
  revocation_of_all_authorizations: { code: "card_declined", message: declined },
  highest_risk_level: { code: "card_declined", message: declined },
  transaction_not_allowed: { code: "card_declined", message: declined },
  authentication_required: {
    code: "authentication_required",
    message: "Your card was declined. This transaction requires authentication.",
  },
  expired_card: { code: "expired_card", message: "Your card has expired." },
  incorrect_cvc: { code: "incorrect_cvc", message: "Your card's security code is incorrect." },
  incorrect_number: { code: "incorrect_number", message: "Your card number is incorrect." },
  processing_error: {
    code: "processing_error",
    message: "An error occurred while processing your card. Try again in a little bit.",
  },
} as const satisfies Record<string, Decline>;

export type DeclineCode = keyof typeof declines;

/** Codes after which a scheduled retry still counts but makes no charge, until there is another card. */
export const hardDeclines: ReadonlySet<string> = new Set([
  "incorrect_number",
  "lost_card",
  "pickup_card",
  "stolen_card",
  "revocation_of_authorization",
  "revocation_of_all_authorizations",
  "authentication_required",
  "highest_risk_level",
  "transaction_not_allowed",
]);

/** The card of a number as typed, spaces and all. */
export function cardOf(number: string): Card | undefined {
  const digits = number.replaceAll(/[\s-]/g, "");
  return cards.find((card) => card.number === digits);
}

/** The card that a test payment method or token stands for. */
export function cardOfToken(token: string): Card | undefined {
  return cards.find((card) => card.tokens.includes(token));
}

/** Whether a text from outside is a decline code. */
export function isDeclineCode(code: string): code is DeclineCode {
  return Object.hasOwn(declines, code);
}
