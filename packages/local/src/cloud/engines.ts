import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { WireAnswer, WireRequest } from "../aws/json.ts";
import type { Service, StreamingService } from "../aws/service.ts";

/**
 * The one listener of the engines: each service below its own first path segment, `/_local` to the control. Only this machine's own name is
 * answered, so that no page a browser shows can reach it under a name of its own.
 */
export function enginesServer(
  services: readonly (Service | StreamingService)[],
  control: (request: Request) => Response | Promise<Response>,
  onError: (error: unknown) => void,
): Server {
  const named = new Map(services.map((service) => [service.name, service]));
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      onError(error);
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ __type: "InternalServerError", message: error instanceof Error ? error.message : String(error) }),
      );
    });
  });
  const own = new Set(["127.0.0.1", "localhost"]);

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!own.has((incoming.headers.host ?? "").split(":")[0] ?? "")) return void response.writeHead(421).end();
    const [, first = "", rest = ""] = /^\/([^/?]*)([^?]*)/.exec(incoming.url ?? "/") ?? [];
    const found = named.get(first);
    if (found && "answer" in found && incoming.headers.origin === undefined) return found.answer(incoming, response, `/${first}`);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (first === "_local") return answerControl(incoming, response, body);
    // Only browsers say where a request comes from, and no page has anything to ask here.
    if (incoming.headers.origin !== undefined) return void response.writeHead(403).end();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const { method = "GET", url = "", headers: given } = incoming;
    const query = new URLSearchParams(url.slice(url.includes("?") ? url.indexOf("?") : url.length));
    const request = { method, path: rest || "/", query, headers: given, body, signal: gone.signal };
    const { status, headers, body: text } = await serve(found, first, request);
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) }).end(text);
  }

  async function serve(found: Service | StreamingService | undefined, name: string, request: WireRequest): Promise<WireAnswer> {
    if (found && "door" in found) return found.door(request);
    return { status: 404, headers: { "content-type": "text/plain" }, body: `there is no service ${name}\n` };
  }

  async function answerControl(incoming: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
    const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as [string, string]] : [],
    );
    const method = incoming.method ?? "GET";
    const given = method === "GET" || method === "HEAD" ? {} : { body: new Uint8Array(body) };
    const found = await control(new Request(`http://${incoming.headers.host}${incoming.url}`, { method, headers, ...given }));
    response.writeHead(found.status, Object.fromEntries(found.headers)).end(Buffer.from(await found.arrayBuffer()));
  }

  return server;
}
