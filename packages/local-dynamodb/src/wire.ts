import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { Engine } from "./engine.ts";
import { DynamoError } from "./error.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

const contentType = "application/x-amz-json-1.0";

/** Answer one request of DynamoDB's JSON protocol. */
function answer(engine: Engine, target: string | undefined, body: string): Answer {
  const [version, operation = ""] = (target ?? "").split(".");
  try {
    if (version !== "DynamoDB_20120810") throw new DynamoError("UnknownOperationException", "The request names no operation");
    return { status: 200, body: JSON.stringify(engine.execute(operation, parse(body))) };
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error;
    return { status: 400, body: JSON.stringify({ __type: typeName(error.name), message: error.message, ...error.extra }) };
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) throw new DynamoError("SerializationException", "The request body is not JSON");
    throw error;
  }
}

const typeName = (name: string) =>
  name === "ValidationException" ? `com.amazon.coral.validate#${name}` : `com.amazonaws.dynamodb.v20120810#${name}`;

const headers = (text: string) => ({ "content-type": contentType, "content-length": String(Buffer.byteLength(text)) });

interface SdkRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * An SDK client's `requestHandler` that asks the engine without a socket:
 * `new DynamoDBClient({ requestHandler: requestHandler(engine), region, credentials })`.
 */
export function requestHandler(engine: Engine) {
  return {
    async handle(request: SdkRequest) {
      const { body: given } = request;
      const text = typeof given === "string" ? given : given instanceof Uint8Array ? new TextDecoder().decode(given) : "";
      const { status, body } = answer(engine, request.headers["x-amz-target"], text);
      return {
        response: { statusCode: status, reason: undefined, headers: headers(body), body: Readable.from([Buffer.from(body)]) },
      };
    },
    destroy() {},
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    metadata: { handlerProtocol: "http/1.1" },
  };
}

/** Speak DynamoDB's protocol on the loopback interface (port 0 takes a free one). Signatures are not checked. */
export async function serve(
  engine: Engine,
  options: { readonly port: number },
): Promise<{ readonly port: number; readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const target = request.headers["x-amz-target"];
      const { status, body } = answer(engine, Array.isArray(target) ? target[0] : target, Buffer.concat(chunks).toString("utf8"));
      response.writeHead(status, headers(body)).end(body);
    });
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, close: () => close(server) };
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });

const close = (server: Server) =>
  new Promise<void>((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
