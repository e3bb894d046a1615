import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerSite } from "../../packages/local/src/gateway/site.ts";
import { siteIsStale } from "../../packages/local/src/site.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";
import { pageHeaders } from "../../packages/web/src/headers.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-site-"));
writeFileSync(join(folder, "secret.txt"), "outside");
const dist = join(folder, "dist");
mkdirSync(join(dist, "assets"), { recursive: true });
writeFileSync(join(dist, "index.html"), "<!doctype html><title>Berth</title>");
writeFileSync(join(dist, "assets/app-1a2b.js"), "export {};");

let base = "";
const server = createServer((request, response) => {
  const [path = "/"] = (request.url ?? "/").split("?");
  void answerSite(request.headers["x-none"] ? join(folder, "none") : dist, request.method ?? "GET", path, response);
});
beforeAll(async () => {
  base = `http://127.0.0.1:${(await listen(server, 0)).port}`;
});
afterAll(() => close(server));

test("a file is answered with its type and kept for good; the page is asked for again every time", async () => {
  const file = await fetch(`${base}/assets/app-1a2b.js`);
  expect(file.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(file.headers.get("cache-control")).toContain("immutable");
  const page = await fetch(`${base}/`);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  expect(await page.text()).toContain("<title>Berth</title>");
});

test("a path the page knows is the page, and a file that is not there is not", async () => {
  expect(await (await fetch(`${base}/apps/shop?tab=logs`)).text()).toContain("<title>Berth</title>");
  expect((await fetch(`${base}/assets/gone.js`)).status).toBe(404);
});

test("HEAD has no body, and nothing but GET and HEAD is answered", async () => {
  const head = await fetch(`${base}/`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  expect((await fetch(`${base}/`, { method: "POST" })).status).toBe(405);
});

test("every answer has the headers of pages: files, what is not there, what is not answered, and a dashboard that is not built", async () => {
  const asked: [string, RequestInit, number][] = [
    ["/", {}, 200],
    ["/assets/app-1a2b.js", {}, 200],
    ["/assets/gone.js", {}, 404],
    ["/", { method: "POST" }, 405],
    ["/", { headers: { "x-none": "1" } }, 503],
  ];
  for (const [path, init, status] of asked) {
    const answer = await fetch(`${base}${path}`, init);
    expect(answer.status, path).toBe(status);
    expect(Object.fromEntries(answer.headers), path).toMatchObject(pageHeaders);
  }
});

test("no path leads out of the folder", async () => {
  const { request } = await import("node:http");
  const { port } = new URL(base);
  for (const path of [
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "//../secret.txt",
  ]) {
    const text = await new Promise<string>((resolve, reject) => {
      request({ host: "127.0.0.1", port, path }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          body += part;
        });
        answer.on("end", () => resolve(body));
      })
        .on("error", reject)
        .end();
    });
    expect(text, path).not.toContain("outside");
  }
});

test("without a built dashboard it says how to build it", async () => {
  const answer = await fetch(`${base}/`, { headers: { "x-none": "1" } });
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("npm run build:web")]);
});

test("the dashboard is stale when it is missing or any of its sources is newer", () => {
  const web = mkdtempSync(join(tmpdir(), "berth-web-"));
  expect(siteIsStale(web)).toBe(false); // nothing to build from
  writeFileSync(join(web, "index.html"), "");
  mkdirSync(join(web, "src/deep"), { recursive: true });
  writeFileSync(join(web, "src/deep/page.tsx"), "");
  expect(siteIsStale(web)).toBe(true);
  mkdirSync(join(web, "dist"));
  writeFileSync(join(web, "dist/index.html"), "");
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000);
  utimesSync(join(web, "dist/index.html"), at(10), at(10));
  expect(siteIsStale(web)).toBe(false);
  utimesSync(join(web, "src/deep/page.tsx"), at(20), at(20));
  expect(siteIsStale(web)).toBe(true);
});
