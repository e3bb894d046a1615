import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { answerJson, type JsonService, type WireAnswer, type WireRequest } from "../aws/json.ts";
import type { Engine } from "../dynamodb/engine.ts";
import { requestHandler } from "../dynamodb/wire.ts";
import type { Inbox } from "../mail/inbox.ts";
import { answerSes } from "../mail/wire.ts";

export interface Engines {
  readonly dynamodb: Engine;
  readonly services: Readonly<Record<"sqs" | "kms" | "ssm", JsonService>>;
  readonly inbox: Inbox;
}

/**
 * The one listener of the engines: each service below its own first path segment, `/_local` to the control. Only this machine's own name is
 * answered, so that no page a browser shows can reach it under a name of its own.
 */
export function enginesServer(
  engines: Engines,
  control: (request: Request) => Response | Promise<Response>,
  onError: (error: unknown) => void,
): Server {
  const dynamodb = requestHandler(engines.dynamodb);
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
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, first = "", rest = ""] = /^\/([^/?]*)([^?]*)/.exec(incoming.url ?? "/") ?? [];
    if (first === "_local") return answerControl(incoming, response, body);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const request = { method: incoming.method ?? "GET", path: rest || "/", headers: incoming.headers, body, signal: gone.signal };
    const { status, headers, body: text } = await serve(first, request);
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) }).end(text);
  }

  async function serve(service: string, request: WireRequest): Promise<WireAnswer> {
    if (service === "dynamodb") {
      const target = String(request.headers["x-amz-target"] ?? "");
      const { response } = await dynamodb.handle({ headers: { "x-amz-target": target }, body: request.body });
      const pieces: Buffer[] = [];
      for await (const piece of response.body) pieces.push(piece as Buffer);
      return { status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces).toString("utf8") };
    }
    if (service === "ses") return answerSes(engines.inbox, request);
    const found = Object.hasOwn(engines.services, service) ? engines.services[service as "sqs"] : undefined;
    if (found) return answerJson(found, request);
    return { status: 404, headers: { "content-type": "text/plain" }, body: `there is no service ${service}\n` };
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
