import { setTimeout as sleep } from "node:timers/promises";
import { type Problem, Refused, refuse } from "../refusal.ts";

export interface Asking {
  readonly token?: string | undefined;
  readonly agent: string;
  /** Told where the account stands, by every answer that says so. */
  readonly onEntitlement?: (header: string) => void;
  /** Told before a request is repeated. */
  readonly onRetry?: (why: string) => void;
}

/** Before the second, third and fourth try. */
const WAITS = [300, 1000, 2500];
/** The service holds a long poll for 20 s; a gateway gives up at 30. */
const PATIENCE_MS = 40_000;
const RATE_SECONDS = 5;

/** Errors from before the request was sent, so that repeating it cannot do anything twice. */
const unsent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

type Try = { readonly response: Response } | { readonly error: unknown } | { readonly refused: Refused; readonly after: number };

/**
 * `fetch` with the credential, the refusals and the retries: reads and requests with an Idempotency-Key are repeated when the network or
 * a gateway failed, anything else only when it cannot have arrived.
 * @throws Refused
 */
export function asking(base: string, { token, agent, onEntitlement, onRetry }: Asking): typeof fetch {
  const once = async (input: RequestInfo | URL, init: RequestInit): Promise<Try> => {
    const limit = AbortSignal.timeout(PATIENCE_MS);
    try {
      const response = await fetch(input, {
        ...init,
        redirect: "manual",
        signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit,
      });
      const standing = response.headers.get("berth-entitlement");
      if (standing) onEntitlement?.(standing);
      return await judge(response, base);
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (init.signal?.aborted) throw error;
      return { error };
    }
  };
  return async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("user-agent", agent);
    headers.set("accept", "application/json");
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    const repeatable = (init.method ?? "GET") === "GET" || headers.has("idempotency-key");
    for (let tries = 0; ; tries++) {
      const tried = await once(input, { ...init, headers });
      if ("response" in tried) return tried.response;
      const wait = WAITS[tries];
      const again = repeatable || ("error" in tried && unsent.has(codeOf(tried.error)));
      if (wait === undefined || !again) throw "refused" in tried ? tried.refused : unreachable(base, tried.error);
      onRetry?.("refused" in tried ? tried.refused.problem.title : reason(tried.error));
      const jittered = wait * (0.75 + Math.random() / 2);
      await sleep(
        "refused" in tried ? Math.max(jittered, tried.after) : jittered,
        undefined,
        init.signal ? { signal: init.signal } : {},
      );
    }
  };
}

/** A success, a refusal that is final (thrown), or one that passes. */
async function judge(response: Response, base: string): Promise<Try> {
  const type = response.headers.get("content-type") ?? "";
  if (response.ok) {
    if (response.status === 204 || type.includes("application/json")) return { response };
    throw refuse("cli.unexpected", { detail: `${base} answered with ${type || "nothing"}.` });
  }
  if (!type.includes("application/problem+json")) {
    const detail = `${base} answered ${response.status}.`;
    // Not the service's own words but its gateway's: what was to answer is gone, and comes back.
    if (response.status >= 500) return { refused: refuse("cli.unreachable", { detail }), after: 0 };
    throw refuse("cli.unexpected", { detail });
  }
  const problem = (await response.json()) as Problem;
  const refused = new Refused({ ...problem, code: String(problem.code), title: String(problem.title) });
  if (problem.code === "idempotency.busy" || problem.code === "service.busy") return { refused, after: 1000 };
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (problem.code === "rate.limited" && seconds <= RATE_SECONDS) return { refused, after: seconds * 1000 };
  throw refused;
}

const causeOf = (error: unknown): { code?: string; message?: string; errors?: readonly unknown[] } => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return (cause ?? {}) as { code?: string; message?: string; errors?: readonly unknown[] };
};

const codeOf = (error: unknown) => causeOf(error).code ?? "";

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name cannot be looked up",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no way there",
  ENETUNREACH: "there is no network",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted",
};

function reason(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "it does not answer";
  const { code, message } = causeOf(error);
  return reasons[code ?? ""] ?? message ?? code ?? "the network failed";
}

const unreachable = (base: string, error: unknown) =>
  refuse("cli.unreachable", { detail: `${base}: ${reason(error)}.`, cause: error });
