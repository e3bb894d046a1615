import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { createApp } from "../../functions/api/app.ts";
import { pageHeaders } from "../../packages/web/src/headers.ts";
import type { TestWorld } from "../support/world.ts";

export interface Dashboard {
  readonly url: string;
  close(): Promise<void>;
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../../packages/web");
const VITE = join(import.meta.dirname, "../../node_modules/vite/bin/vite.js");

/** Builds the dashboard into a folder of its own, so that test files do not wait for one another. */
export async function buildDashboard(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "berth-web-"));
  const env = { ...process.env, NODE_ENV: "production" }; // a test runner says "test", and libraries then bring more along
  await run(process.execPath, [VITE, "build", "--outDir", folder, "--emptyOutDir", "--logLevel", "error"], { cwd: ROOT, env });
  return folder;
}

/** The built dashboard and the real API behind one address, as a visitor's browser sees them. The world's origin becomes that address. */
export async function serveDashboard(test: TestWorld): Promise<Dashboard> {
  const folder = await buildDashboard();
  const app = createApp(test.world);
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/v1/") || pathname.startsWith("/health")) return app.fetch(request);
    const isFile = /^\/(assets\/[\w.-]+|[\w-]+\.(svg|txt))$/.test(pathname);
    const file = isFile ? pathname : "/index.html";
    const content = await readFile(join(folder, file));
    return new Response(new Uint8Array(content), {
      headers: { ...pageHeaders, "content-type": types[extname(file)] ?? "application/octet-stream" },
    });
  };
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      const url = `http://127.0.0.1:${port}`;
      test.setOrigin(url);
      resolve({
        url,
        async close() {
          const closed = new Promise<void>((done) => server.close(() => done()));
          if ("closeAllConnections" in server) server.closeAllConnections();
          await closed;
          await rm(folder, { recursive: true });
        },
      });
    });
    server.on("error", reject);
  });
}
