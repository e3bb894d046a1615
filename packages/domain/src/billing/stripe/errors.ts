import { Problem } from "../../error.ts";

interface StripeFault {
  readonly type: string;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  readonly message: string;
}

/** Checks the shape, so that the SDK need not be loaded. */
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

/** @throws Problem billing.unavailable when Stripe fails, billing.currency; our own mistakes are thrown unchanged */
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
