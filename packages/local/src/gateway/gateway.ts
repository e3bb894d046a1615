import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { functions, type Route } from "../../../../functions/manifest.ts";
import { FunctionTimeout, type Pool } from "../lambda/pool.ts";
import { close, listen } from "../state/server.ts";
import { type HttpAnswer, type HttpRequest, refused, toAnswer, toEvent } from "./event.ts";
import { router } from "./routes.ts";
import { answerSite } from "./site.ts";

export interface GatewayOptions {
  readonly port: number;
  readonly pool: Pick<Pool, "invoke">;
  readonly now: () => number;
  /** The dashboard's built files. */
  readonly site: string;
  readonly onRequest: (line: { method: string; path: string; status: number; milliseconds: number }) => void;
  readonly log: (text: string) => void;
}

export interface Gateway {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** API Gateway takes bodies up to 10 MB. */
const LARGEST = 10 * 1024 * 1024;

interface Target {
  readonly name: string;
  readonly timeoutSeconds: number;
}

const routesOf = (kind: "http" | "stream-url") =>
  Object.entries(functions).flatMap(([name, { trigger, timeoutSeconds }]) =>
    trigger.kind === kind
      ? (trigger.routes as readonly Route[]).map((pattern) => ({ pattern, target: { name, timeoutSeconds } satisfies Target }))
      : [],
  );

/**
 * What stands in front of the functions: an HTTP API's routes by the functions' manifest, the streaming function for those who accept event
 * streams (in the cloud it has an address of its own behind the same distribution), and the dashboard for everything else. Requests under
 * another name than the origin's are led there, so that cookies and origin checks see one origin, and no other name of this machine works.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { pool, now, site, log } = options;
  const routeOf = router<Target>(routesOf("http"));
  const streamOf = router<Target>(routesOf("stream-url"));
  const server = createServer((incoming, response) => {
    const began = performance.now();
    const [path = "/"] = (incoming.url ?? "/").split("?");
    response.once("close", () => {
      const milliseconds = performance.now() - began;
      options.onRequest({ method: incoming.method ?? "GET", path, status: response.statusCode, milliseconds });
    });
    answer(incoming, response, path).catch((error: unknown) => {
      log(`gateway: ${error instanceof Error ? error.stack : String(error)}`);
      if (response.headersSent) response.destroy();
      else write(response, refused(500, "Internal Server Error"));
    });
  });
  const { port } = await listen(server, options.port);
  const host = `127.0.0.1:${port}`;

  async function answer(incoming: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const method = incoming.method ?? "GET";
    if (incoming.headers.host !== host) {
      if (method !== "GET" && method !== "HEAD") return write(response, refused(421, `This is ${host}`));
      response.writeHead(307, { location: `http://${host}${incoming.url}` }).end();
      return;
    }
    const streamed = incoming.headers.accept?.includes("text/event-stream") ? streamOf(method, path) : undefined;
    const found = streamed ?? routeOf(method, path);
    if (!found) {
      incoming.resume();
      await answerSite(site, method, path, response);
      return;
    }
    const body = await read(incoming);
    if (!body) return write(response, refused(413, "Request Entity Too Large"));
    const event = toEvent(requestOf(incoming, body), found.routeKey, new Date(now()), found.parameters);
    const invocation = { ...found.target, event };
    if (streamed) return stream(invocation, response);
    write(
      response,
      await pool.invoke(invocation).then(toAnswer, (error: unknown) => {
        log(error instanceof Error ? (error.stack ?? error.message) : String(error));
        return error instanceof FunctionTimeout ? refused(503, "Service Unavailable") : refused(500, "Internal Server Error");
      }),
    );
  }

  async function stream(invocation: Target & { event: unknown }, response: ServerResponse): Promise<void> {
    const sink = {
      head: ({
        statusCode,
        headers,
        cookies,
      }: {
        statusCode: number;
        headers: Readonly<Record<string, string>>;
        cookies: readonly string[];
      }) => {
        response.writeHead(statusCode, { ...headers, ...(cookies.length > 0 && { "set-cookie": [...cookies] }) });
        response.flushHeaders();
      },
      chunk: (data: Uint8Array) => void response.write(data),
    };
    await pool.invoke({ ...invocation, sink });
    response.end();
  }

  return { origin: `http://${host}`, port, close: () => close(server) };
}

const requestOf = (incoming: IncomingMessage, body: Buffer): HttpRequest => ({
  method: incoming.method ?? "GET",
  url: incoming.url ?? "/",
  httpVersion: incoming.httpVersion,
  rawHeaders: incoming.rawHeaders,
  headers: incoming.headers,
  sourceIp: (incoming.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
  body,
});

/** The whole body, or undefined when it is more than is taken. */
async function read(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size <= LARGEST) chunks.push(chunk as Buffer);
  }
  return size > LARGEST ? undefined : Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, headers, cookies, body }: HttpAnswer): void {
  response.writeHead(status, {
    ...headers,
    ...(cookies.length > 0 && { "set-cookie": [...cookies] }),
    ...(status !== 204 && status !== 304 && { "content-length": body.length }),
  });
  response.end(body);
}
