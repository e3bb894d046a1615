import { Problem } from "../error.ts";

/** How Stripe's library tells its errors apart: `type` is the class's name, `code` the API's. */
interface StripeFault {
  readonly type: string;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  readonly message: string;
}

/** The fault if an error is one of Stripe's library. By its shape, so that the library need not be loaded to ask. */
export function stripeFault(error: unknown): StripeFault | undefined {
  if (!(error instanceof Error) || !("type" in error) || typeof error.type !== "string") return undefined;
  return error.type.startsWith("Stripe") ? (error as unknown as StripeFault) : undefined;
}

const passing = new Set([
  "StripeConnectionError",
  "StripeAPIError",
  "StripeRateLimitError",
  "StripeAuthenticationError",
  "StripePermissionError",
]);

/**
 * Does something at Stripe for somebody who waits. @throws Problem billing.unavailable when Stripe does not do its part,
 * billing.currency; what is a mistake of ours is thrown as it came. No card is charged here, so none can be declined
 */
export async function atStripe<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = stripeFault(error);
    if (!fault) throw error;
    if (passing.has(fault.type)) throw new Problem("billing.unavailable", { cause: error });
    if (/combine currencies/i.test(fault.message)) throw new Problem("billing.currency", { cause: error });
    throw error;
  }
}
