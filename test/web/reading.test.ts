import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hear, type News, readLogs, unread, type Wish } from "../../packages/web/src/app/reading.ts";

const at = (seconds: number) => new Date(Date.UTC(2027, 2, 1, 12, 0, seconds)).toISOString();
const line = (seconds: number, text: string) => ({ type: "log", at: at(seconds), target: "web1", service: "web", text });
const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  });
const opened = (id: string) => json(201, { id, targets: ["web1"] });
const page = (text: string, seconds: number, ended = false) => json(200, { items: [line(seconds, text)], next: 1, ended });
const gone = () => json(404, { code: "log.not_found", title: "No such log", status: 404 });
const unreached = () => Promise.reject(new TypeError("fetch failed"));

const asked: { readonly method: string; readonly path: string; readonly body: unknown }[] = [];

/** An API that answers so, one answer after the other. */
function answering(...answers: (() => Response | Promise<Response>)[]): void {
  vi.stubGlobal("fetch", async (path: string, { method = "GET", body }: RequestInit = {}) => {
    asked.push({ method, path, body: typeof body === "string" ? JSON.parse(body) : undefined });
    const answer = answers.shift();
    if (!answer) throw new Error(`asked once too often: ${method} ${path}`);
    return answer();
  });
}

async function read(wish: Partial<Wish> = {}) {
  const news: News[] = [];
  const whole = { app: "shop", environment: "production", services: [], tail: 100, follow: true, ...wish };
  const over = readLogs(whole, (each) => news.push(each), new AbortController().signal);
  await vi.runAllTimersAsync();
  await over;
  return { news, reading: news.reduce(hear, unread) };
}

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("logs that are followed go on in a new session where the service has forgotten theirs, from the last line on, and say so", async () => {
  answering(
    () => opened("log_1"),
    () => page("one", 1),
    gone,
    () => opened("log_2"),
    () => page("two", 2, true),
  );
  const { reading } = await read({ services: ["web"] });
  expect(reading.items.map(({ type, text }) => [type, text])).toEqual([
    ["log", "one"],
    ["interrupted", "Reading was interrupted: lines may be missing here, or come twice."],
    ["log", "two"],
  ]);
  expect(reading).toMatchObject({ state: "over", dropped: 0 });
  expect(reading.error).toBeUndefined();
  const begun = asked.filter(({ method }) => method === "POST").map(({ body }) => body);
  const wish = { environment: "production", services: ["web"], follow: true };
  expect(begun).toEqual([
    { ...wish, tail: 100 },
    { ...wish, tail: 1000, since: at(1) },
  ]);
  expect(asked.at(-1)?.path).toMatch(/^\/v1\/logs\/log_2\?after=0/);
});

test("the new session is waited for where the network is away", async () => {
  answering(
    () => opened("log_1"),
    () => page("one", 1),
    gone,
    unreached,
    () => opened("log_2"),
    () => page("two", 2, true),
  );
  const { news, reading } = await read();
  expect(news.map(({ type }) => type)).toEqual(["begin", "page", "interrupted", "lost", "page"]);
  expect(reading.items.map(({ text }) => text)).toEqual(["one", expect.stringContaining("interrupted"), "two"]);
});

test.each([
  ["that are not followed", { follow: false }, [() => opened("log_1"), gone], "log.not_found"],
  ["of an app that cannot be opened", {}, [() => json(404, { code: "app.not_found", title: "No such app" })], "app.not_found"],
  ["that cannot be opened for want of a network", {}, [unreached], "offline"],
] as const)("logs %s are told of at once, and not asked for again", async (_, wish, answers, code) => {
  answering(...answers);
  const { reading } = await read(wish);
  expect(reading).toMatchObject({ state: "over", error: { code } });
});
