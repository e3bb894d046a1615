import { setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Entitlement, parseEntitlement } from "@berth/api-client/entitlement.ts";
import { type Names, Refused, refuse, usage } from "../refusal.ts";
import { answerOf, type Try } from "./answer.ts";
import { hintOf, isCertificate, isUnsent, reasonOf } from "./reason.ts";
import { transportFor } from "./transport-for.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface Asking {
  /** A function is asked before each request: what it answers may end while a command runs. */
  readonly token?: string | (() => Promise<string>) | undefined;
  readonly agent: string;
  /** Where proxies and authorities are named. */
  readonly env?: Env;
  readonly times?: Times;
  /** What the commands that a refusal suggests are about. */
  readonly names?: Names;
  /** Told what the account may do, by every answer that says so. */
  readonly onEntitlement?: (entitlement: Entitlement) => void;
  /** Told when an answer has not come for some seconds longer than the service was asked to wait. */
  readonly onSlow?: () => void;
  /** Told before a request is repeated, with the milliseconds since it was first sent. */
  readonly onRetry?: (why: string, since: number) => void;
}

/** In milliseconds. */
export interface Times {
  /** Before the second, third, ... try; the last is for all that follow. */
  readonly waits: readonly number[];
  /** One try, the answer's body included, beside what the service was asked to wait. */
  readonly patience: number;
  /** No try begins later than this after the first. */
  readonly reading: number;
  /** The same for what may have been done: giving up then leaves somebody in the dark. */
  readonly changing: number;
}

/** A gateway gives up at 30 s, and says so. */
const usual: Times = { waits: [300, 1000, 2500, 5000], patience: 40_000, reading: 30_000, changing: 120_000 };
const TRIES = 4;
/** Longer than this nobody who only reads is kept waiting by a limit. */
const RATE_MS = 5000;
/** Longer than this nobody looks at a screen on which nothing happens. */
const SLOW_MS = 3000;

/**
 * How long one of several addresses of a name may take to be connected to before the next is tried. Short at first, since an address of
 * IPv6 often leads nowhere; longer at each failure, since the one that works may be slow.
 */
const ATTEMPTS_MS = [300, 1500, 4000];
let attempt = 0;

/**
 * `fetch` with the credential, the refusals and the retries: reads and requests with an Idempotency-Key are repeated when the network or
 * a gateway failed, anything else only when it cannot have arrived. The answer has been read to its end.
 * @throws Refused
 */
export function asking(base: string, options: Asking): typeof fetch {
  const { token, agent, env = {}, times = usual, names = {}, onEntitlement, onSlow, onRetry } = options;
  let transport: Promise<typeof fetch> | undefined;
  const once = async (input: RequestInfo | URL, init: RequestInit): Promise<Try> => {
    transport ??= transportFor(base, env);
    const send = await transport;
    const held = askedToWait(input);
    const limit = AbortSignal.timeout(times.patience + held);
    const slow = onSlow && setTimeout(onSlow, SLOW_MS + held);
    try {
      const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
      const response = await send(input, { ...init, redirect: "manual", signal });
      const entitlement = parseEntitlement(response.headers.get("berth-entitlement"));
      if (entitlement) onEntitlement?.(entitlement);
      return await answerOf(response, base, names);
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (init.signal?.aborted) throw error;
      return { error };
    } finally {
      clearTimeout(slow);
    }
  };
  return async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("user-agent", agent);
    headers.set("accept", "application/json");
    if (token !== undefined) headers.set("authorization", `Bearer ${plain(typeof token === "string" ? token : await token())}`);
    const reads = ["GET", "HEAD"].includes(init.method ?? "GET");
    const repeatable = reads || headers.has("idempotency-key");
    const began = performance.now();
    let arrived = false;
    for (let tries = 1; ; tries++) {
      setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPTS_MS[attempt] ?? 250);
      const tried = await once(input, { ...init, headers });
      if ("response" in tried) return tried.response;
      const unsent = "error" in tried ? isUnsent(tried.error) : !tried.arrived;
      if ("error" in tried && unsent) attempt = Math.min(attempt + 1, ATTEMPTS_MS.length - 1);
      arrived ||= !reads && !unsent;
      const wait = (times.waits[tries - 1] ?? times.waits.at(-1) ?? 0) * (0.75 + Math.random() / 2);
      const pause = "refused" in tried ? Math.max(wait, tried.after) : wait;
      const since = performance.now() - began;
      const again =
        (repeatable || unsent) &&
        !("error" in tried && isCertificate(tried.error)) &&
        (arrived ? since + pause < times.changing : tries < TRIES && since + pause < times.reading && pause <= RATE_MS);
      if (!again) throw givenUp(base, tried, arrived);
      onRetry?.("refused" in tried ? said(tried.refused) : reasonOf(tried.error), since);
      await sleep(pause, undefined, init.signal ? { signal: init.signal } : {});
    }
  };
}

/** @throws Refused for what cannot be sent, without showing it */
function plain(token: string): string {
  if (/^[!-~]+$/.test(token.trim())) return token.trim();
  throw usage("The token (BERTH_TOKEN, or what was given to `berth login`) has a line break or a character that no token has.");
}

/** Milliseconds for which the service may hold its answer back: a question for news says so. */
const askedToWait = (input: RequestInfo | URL) =>
  Number(new URL(input instanceof Request ? input.url : input).searchParams.get("wait") ?? 0) * 1000;

const said = ({ problem }: Refused) =>
  problem.code === "cli.unreachable" ? (problem.detail ?? problem.title).replace(/\.$/, "") : problem.title;

/** What is said in the end. What may have been done is not said to have failed. */
function givenUp(base: string, tried: Exclude<Try, { response: Response }>, arrived: boolean): Refused {
  const passes = "refused" in tried && tried.refused.problem.code !== "cli.unreachable";
  if (passes) return tried.refused;
  const why = "refused" in tried ? (tried.refused.problem.detail ?? "") : `${base}: ${reasonOf(tried.error)}.`;
  const cause = "refused" in tried ? undefined : tried.error;
  const hint = "refused" in tried ? undefined : hintOf(tried.error, new Date());
  if (arrived) return refuse("cli.unknown", { detail: why, cause });
  return refuse("cli.unreachable", { detail: why, cause, ...(hint && { hint }) });
}
