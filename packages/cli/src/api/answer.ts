import { problemOf } from "@berth/api-client/problem.ts";
import { fillIn, type Names, Refused, refuse } from "../refusal.ts";

/** What came of one try. `arrived`: the request may have been carried out. */
export type Try =
  | { readonly response: Response }
  | { readonly error: unknown }
  | { readonly refused: Refused; readonly after: number; readonly arrived: boolean };

/** A success read to its end, or a refusal that passes. @throws Refused one that is final */
export async function answerOf(response: Response, base: string, names: Names): Promise<Try> {
  if (response.ok) {
    if (response.status === 204) return { response };
    const type = response.headers.get("content-type") ?? "";
    if (!type.includes("application/json"))
      throw refuse("cli.unexpected", { detail: `${base} answered with ${type || "nothing"}.` });
    const text = await response.text();
    JSON.parse(text); // half an answer is none, also where nobody said how long it would be
    return { response: new Response(text, { status: response.status, headers: response.headers }) };
  }
  const after = retryAfter(response.headers.get("retry-after"));
  const problem = await problemOf(response);
  if (problem === undefined) {
    const { status } = response;
    // Not the service's own words but its gateway's: what was to answer is gone, and comes back.
    if (status >= 500 || [408, 425, 429].includes(status))
      return {
        refused: refuse("cli.unreachable", { detail: `${base} answered ${status}.` }),
        after: after ?? 0,
        arrived: status !== 429 && status !== 425,
      };
    throw refuse("cli.unexpected", elsewhere(response, base) ?? { detail: `${base} answered ${status}.` });
  }
  const refused = new Refused(fillIn(problem, names), undefined, after);
  if (problem.code === "idempotency.busy" || problem.code === "service.busy") return { refused, after: 1000, arrived: true };
  if (problem.code === "rate.limited" && after !== undefined) return { refused, after, arrived: false };
  throw refused;
}

/** Milliseconds: the header has seconds, or a moment. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? new Date(header).getTime() - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Where a redirect leads. It is not followed, since the token would go along. */
function elsewhere(response: Response, base: string): { detail: string; hint: string } | undefined {
  const location = response.headers.get("location");
  if (response.status < 300 || response.status > 399 || location === null || !URL.canParse(location, response.url || base))
    return undefined;
  const { origin, pathname } = new URL(location, response.url || base);
  const asked = response.url ? new URL(response.url).pathname.slice(new URL(base).pathname.replace(/\/$/, "").length) : "";
  const path = asked && pathname.endsWith(asked) ? pathname.slice(0, -asked.length) : pathname;
  const to = `${origin}${path.replace(/\/+$/, "")}`;
  return {
    detail: `${base} answered ${response.status}: it leads to ${to}.`,
    hint: `If that is where Berth is, give that address: --url ${to}, or BERTH_URL.`,
  };
}
