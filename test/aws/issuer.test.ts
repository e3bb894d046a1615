import { createServer, type RequestListener } from "node:http";
import { githubOf, issuerOf } from "@berth/aws/issuer.ts";
import { close, listen } from "@berth/local/state/server.ts";
import { afterEach, expect, test } from "vitest";

let server: ReturnType<typeof createServer> | undefined;
afterEach(async () => {
  if (server) await close(server);
});

/** An issuer that answers so, and a clock for who asks it. */
async function issuer(answer: RequestListener) {
  let asked = 0;
  let now = 1_000_000;
  const made = createServer((request, response) => {
    asked++;
    answer(request, response);
  });
  server = made;
  const url = `http://127.0.0.1:${(await listen(made, 0)).port}`;
  const { keys } = issuerOf(url, () => now);
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { keys, asked: () => asked, pass };
}
const publishing =
  (kids: () => readonly string[]): RequestListener =>
  (request, response) => {
    if (request.url !== "/.well-known/jwks") return void response.writeHead(404).end();
    response.end(JSON.stringify({ keys: kids().map((kid) => ({ kty: "RSA", kid, n: "AQAB", e: "AQAB" })) }));
  };

test("the issuer is GitHub's, and the local one only on the local stage", () => {
  const GITHUB = "https://token.actions.githubusercontent.com";
  expect(githubOf({ STAGE: "prod" }).url).toBe(GITHUB);
  expect(githubOf({ STAGE: "prod", LOCAL_ISSUER: "http://127.0.0.1:1" }).url).toBe(GITHUB);
  expect(githubOf({ STAGE: "local", LOCAL_ISSUER: "http://127.0.0.1:1" }).url).toBe("http://127.0.0.1:1");
});

test("its keys are asked for once by many at once, kept for ten minutes, and then asked for again", async () => {
  const { keys, asked, pass } = await issuer(publishing(() => ["a"]));
  const found = await Promise.all([keys("a"), keys("a"), keys("a")]);
  expect(found.map((each) => each.map(({ kid }) => kid))).toEqual([["a"], ["a"], ["a"]]);
  pass(599);
  await keys("a");
  expect(asked()).toBe(1);
  pass(1);
  await keys("a");
  expect(asked()).toBe(2);
});

test("a key that is new is found at once, and names of keys that are none ask at most once in half a minute", async () => {
  let kids = ["a"];
  const { keys, asked, pass } = await issuer(publishing(() => kids));
  await keys("a");
  kids = ["a", "b"];
  for (let i = 0; i < 20; i++) await keys(`none${i}`);
  expect(asked()).toBe(1);
  pass(30);
  expect((await keys("b")).map(({ kid }) => kid)).toEqual(["a", "b"]);
  for (let i = 0; i < 20; i++) await keys(`none${i}`);
  expect(asked()).toBe(2);
});

test("a key that was taken back is believed for ten minutes at most, also when the issuer is down then", async () => {
  let up = true;
  const { keys, pass } = await issuer((request, response) =>
    up ? publishing(() => ["a"])(request, response) : void response.writeHead(503).end(),
  );
  await keys("a");
  up = false;
  pass(600);
  await expect(keys("a")).rejects.toThrow("503");
});

test("an issuer that fails is asked at most once a second", async () => {
  const { keys, asked, pass } = await issuer((_, response) => void response.writeHead(500).end());
  for (let i = 0; i < 5; i++) await expect(keys("a")).rejects.toThrow();
  expect(asked()).toBe(1);
  pass(1);
  await expect(keys("a")).rejects.toThrow();
  expect(asked()).toBe(2);
});

/** What it leads to would be believed. */
const leading: RequestListener = ({ url }, response) =>
  url === "/elsewhere"
    ? void response.end(JSON.stringify({ keys: [{ kty: "RSA", kid: "a" }] }))
    : void response.writeHead(302, { location: "/elsewhere" }).end();
const many = JSON.stringify({ keys: Array.from({ length: 51 }, (_, i) => ({ kty: "RSA", kid: String(i) })) });
test.each<[string, RequestListener]>([
  ["leads elsewhere, where there are keys", leading],
  ["is no JSON", (_, response) => void response.end("<html>")],
  ["has no keys", (_, response) => void response.end("{}")],
  ["has more keys than anybody has", (_, response) => void response.end(many)],
  ["is longer than 256 KB", (_, response) => void response.end(`{"keys":[],"x":"${"x".repeat(256 * 1024)}"}`)],
])("an answer that %s is none", async (_, answer) => {
  const { keys } = await issuer(answer);
  await expect(keys("a")).rejects.toThrow();
});

test("an issuer that does not answer is waited for three seconds", async () => {
  const { keys } = await issuer(() => {});
  await expect(keys("a")).rejects.toMatchObject({ name: "TimeoutError" });
});
