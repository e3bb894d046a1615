import { holds } from "./telling.ts";

/** A person in a browser, without the browser: keeps cookies, sends forms as pages have them, follows where they lead. */
export function createVisitor(origin: string) {
  const cookies = new Map<string, string>();
  const ask = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const own = url.startsWith(origin);
    const headers = new Headers(init.headers);
    if (own && cookies.size > 0) headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    if (own && init.method !== undefined) headers.set("origin", origin);
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const cookie of own ? answer.headers.getSetCookie() : []) {
      const [pair = ""] = cookie.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return answer;
  };

  return {
    /** Asks the API as the dashboard does. @throws Error with the problem's words */
    // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
    async api(method: "GET" | "POST", path: string, body?: unknown): Promise<any> {
      const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const answer = await ask(`${origin}/v1${path}`, { ...(method === "POST" && { method }), ...json });
      const text = await answer.text();
      holds(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    /** Opens a page and answers its HTML. */
    async open(url: string): Promise<string> {
      const answer = await ask(url);
      const html = await answer.text();
      holds(answer.ok, `${url} answered ${answer.status}`);
      return html;
    },
    /** Sends a form; answers where the page leads. */
    async submit(url: string, fields: Record<string, string>): Promise<string> {
      const answer = await ask(url, { method: "POST", body: new URLSearchParams(fields) });
      const location = answer.headers.get("location");
      holds(location !== null, `the form at ${url} led nowhere (${answer.status}): ${(await answer.text()).slice(0, 300)}`);
      return new URL(location, url).href;
    },
  };
}

export type Visitor = ReturnType<typeof createVisitor>;

export const goodCard = { number: "4242424242424242", expiry: "12 / 40", cvc: "123", name: "Ada Marsh" };
