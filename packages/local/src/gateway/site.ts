import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";
import { pageHeaders } from "../../../web/src/headers.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".map": "application/json",
};

/** Files with a hash in their names never change; the page that names them is asked for again every time. */
const cacheControl = (path: string) => (path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");

/** Answers a file of the dashboard; any other path without an extension is the page itself, which knows its own routes. */
export async function answerSite(folder: string, method: string, path: string, response: ServerResponse): Promise<number> {
  const plain = (status: number, text: string) => {
    response.writeHead(status, { ...pageHeaders, "content-type": "text/plain; charset=utf-8" }).end(text);
    return status;
  };
  if (method !== "GET" && method !== "HEAD") return plain(405, "Only GET\n");
  const wanted = normalize(path);
  const name = extname(wanted) === "" ? "/index.html" : wanted;
  const file = join(folder, name);
  const size = await sizeOf(file);
  if (size === undefined)
    return plain(
      name === "/index.html" ? 503 : 404,
      name === "/index.html" ? "The dashboard is not built; `npm run build:web` does it.\n" : "Not found\n",
    );
  response.writeHead(200, {
    ...pageHeaders,
    "content-type": types[extname(file)] ?? "application/octet-stream",
    "content-length": size,
    "cache-control": cacheControl(name),
  });
  if (method === "HEAD") response.end();
  else await pipeline(createReadStream(file), response).catch(ignoreGone);
  return 200;
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function ignoreGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}
