import type { IncomingMessage, ServerResponse } from "node:http";
import { answerJson, type JsonService, type WireAnswer, type WireRequest } from "./json.ts";

/** One service of the local cloud, as the engines' listener sees it: what is sent below `/<name>/` comes to its door. */
export interface Service {
  readonly name: string;
  readonly door: (request: WireRequest) => WireAnswer | Promise<WireAnswer>;
  /** Writes what is not written yet and lets go of its files. */
  close(): void;
}

/** One whose bodies are too large to be held whole: it reads the request and writes the answer itself. */
export interface StreamingService {
  readonly name: string;
  /** `prefix` is what stands before its own paths in the address, `/<name>`. */
  readonly answer: (incoming: IncomingMessage, response: ServerResponse, prefix: string) => Promise<void>;
  close(): void;
}

/** A service that speaks one of the AWS JSON protocols. */
export function jsonService(name: string, protocol: JsonService, close = () => {}): Service {
  return { name, door: (request) => answerJson(protocol, request), close };
}
