/**
 * What the API answers when it does not do what was asked. The body is Stripe's: `{ error: { type, code?, param?, message } }`;
 * 401, 403 and 429 are told apart by status, not by type.
 */
export type ErrorType = "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";

export interface ErrorDetail {
  type: ErrorType;
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  charge?: string;
  payment_intent?: object;
  payment_method?: object;
  advice_code?: string;
}

/** Thrown by handlers, turned into an answer in one place. `written` is false where nothing may be kept for an idempotency key. */
export class Refusal extends Error {
  readonly status: number;
  readonly detail: ErrorDetail;
  readonly written: boolean;

  constructor(status: number, detail: ErrorDetail, written = true) {
    super(detail.message);
    this.name = "Refusal";
    this.status = status;
    this.detail = detail;
    this.written = written;
  }
}

/** An invalid request: 400 unless said otherwise. */
export function invalid(message: string, more: { param?: string; code?: string; status?: number } = {}): Refusal {
  const { status = 400, ...rest } = more;
  return new Refusal(status, { type: "invalid_request_error", message, ...rest });
}

/** A parameter that could not be read; nothing is kept under the idempotency key. */
export function unreadable(message: string, param: string, code?: string): Refusal {
  return new Refusal(400, { type: "invalid_request_error", message, param, ...(code ? { code } : {}) }, false);
}

/** An id that names nothing: 404 in the path, 400 in a parameter or a cursor. */
export function missing(noun: string, id: string, param = "id"): Refusal {
  const status = param === "id" ? 404 : 400;
  return invalid(`No such ${noun}: '${id}'`, { code: "resource_missing", param, status });
}

/** The wire body of a refusal. */
export function errorBody(detail: ErrorDetail, requestId: string): { error: Record<string, unknown> } {
  return {
    error: {
      ...detail,
      ...(detail.code ? { doc_url: `https://stripe.com/docs/error-codes/${detail.code.replaceAll("_", "-")}` } : {}),
      request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
    },
  };
}
