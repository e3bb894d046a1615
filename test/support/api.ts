import { serve } from "@hono/node-server";
import { createApp } from "../../functions/api/app.ts";
import { type TestWorld, type TestWorldOptions, testWorld } from "./world.ts";

export interface Call {
  readonly token?: string;
  /** The value of a session cookie. Its own origin is sent along, as browsers do on writes. */
  readonly session?: string;
  /** The value of the cookie that tells this browser from others. */
  readonly browser?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every route
  readonly body: any;
  /** The session cookie the answer sets. */
  readonly session: string | undefined;
  /** The browser cookie the answer sets: a sign-in code works only with it. */
  readonly browser: string | undefined;
}

export interface TestApi extends TestWorld {
  readonly app: ReturnType<typeof createApp>;
  /** Asks the API as API Gateway would, without a socket. A body that is no string is sent as JSON. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Signs in by the code from the mail; answers the session. */
  signIn(email: string): Promise<string>;
}

/** The API over a test's world. */
export function testApi(given: TestWorld | TestWorldOptions = {}): TestApi {
  const test = "world" in given ? given : testWorld(given);
  const app = createApp(test.world);
  const api: TestApi = {
    ...test,
    app,
    async call(method, path, { token, session, browser, body, headers = {} } = {}) {
      const cookie = test.world.origin.startsWith("https:") ? "__Host-berth" : "berth";
      const cookies = [session && `${cookie}=${session}`, browser && `${cookie}-browser=${browser}`].filter(Boolean);
      const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      const answer = await app.request(path, {
        method,
        headers: {
          "x-berth-source-ip": "203.0.113.7",
          ...(text !== undefined && { "content-type": "application/json" }),
          ...(token && { authorization: `Bearer ${token}` }),
          ...(cookies.length > 0 && { cookie: cookies.join("; "), origin: test.world.origin }),
          ...headers,
        },
        ...(text !== undefined && { body: text }),
      });
      return read(answer, cookie);
    },
    async signIn(email) {
      const { browser } = await api.call("POST", "/v1/auth/code", { body: { email } });
      const { session } = await api.call("POST", "/v1/auth/verify", { browser, body: { email, code: test.code(email) } });
      if (!session) throw new Error(`${email} was not signed in`);
      return session;
    },
  };
  return api;
}

async function read(answer: Response, cookie: string): Promise<Answer> {
  const text = await answer.text();
  const json = /^application\/(problem\+)?json/.test(answer.headers.get("content-type") ?? "");
  const set = (name: string) => {
    const found = answer.headers.getSetCookie().find((each) => each.startsWith(`${name}=`));
    return found?.slice(name.length + 1, found.indexOf(";")) || undefined;
  };
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: json ? JSON.parse(text) : undefined,
    session: set(cookie),
    browser: set(`${cookie}-browser`),
  };
}

/** The API over real HTTP on a free port of the loopback interface, for programs of their own. The world's origin becomes its address. */
export async function serveApi(test: TestWorld): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = createApp(test.world);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      const url = `http://127.0.0.1:${port}`;
      test.setOrigin(url);
      resolve({
        url,
        close: () =>
          new Promise((done, failed) => {
            server.close((error) => (error ? failed(error) : done()));
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.on("error", reject);
  });
}
