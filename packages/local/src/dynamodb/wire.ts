import type { Engine } from "@berth/local-dynamodb/engine.ts";
import { requestHandler } from "@berth/local-dynamodb/wire.ts";
import type { Service } from "../aws/service.ts";

/** The table engine, behind the protocol it speaks by itself. */
export function dynamodbService(engine: Engine): Service {
  const handler = requestHandler(engine);
  return {
    name: "dynamodb",
    door: async ({ headers, body }) => {
      const { response } = await handler.handle({ headers: { "x-amz-target": String(headers["x-amz-target"] ?? "") }, body });
      const pieces: Buffer[] = [];
      for await (const piece of response.body) pieces.push(piece as Buffer);
      return { status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces).toString("utf8") };
    },
    close: () => engine.close(),
  };
}
