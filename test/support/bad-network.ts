import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a network does to one question and its answer. `lost` and what follows it happen after the service has done what it was asked. */
export const faults = {
  reset: "the connection is cut before the question arrives",
  html: "a gateway answers 502 in HTML",
  gone: "a gateway answers 504 with nothing in it",
  limited: "a gateway answers 429 and says when to ask again",
  portal: "a hotel answers 200 with its own page",
  redirected: "a hotel leads to its own page",
  lost: "the connection is cut before the answer",
  headers: "the connection is cut after the answer's headers",
  half: "the connection is cut in the middle of the answer's body",
  short: "half of the answer's body looks like all of it",
} as const;
export type Fault = keyof typeof faults;

export interface Passed {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly fault: Fault | undefined;
}

export interface BadNetwork {
  readonly url: string;
  /** Every question, in order, with what was done to it. */
  readonly passed: readonly Passed[];
  close(): Promise<void>;
}

/** A way to a service on which `choose` says for each question what goes wrong with it. */
export async function badNetwork(
  to: () => string,
  choose: (question: Omit<Passed, "fault">, nth: number) => Fault | undefined,
): Promise<BadNetwork> {
  const passed: Passed[] = [];
  const server = createServer(async (question, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of question) chunks.push(chunk);
    const key = question.headers["idempotency-key"];
    const what = { method: question.method ?? "", path: question.url ?? "", key: typeof key === "string" ? key : undefined };
    const fault = choose(what, passed.length);
    passed.push({ ...what, fault });
    if (fault && fault in instead) instead[fault as keyof typeof instead](question, answer);
    else await pass(question, Buffer.concat(chunks), { answer, to: to(), fault });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const page = "<html><h1>Welcome</h1></html>";
const instead = {
  reset: (question: IncomingMessage) => void question.socket.resetAndDestroy(),
  html: (_: IncomingMessage, answer: ServerResponse) =>
    void answer.writeHead(502, { "content-type": "text/html" }).end("<html><h1>502 Bad Gateway</h1></html>"),
  gone: (_: IncomingMessage, answer: ServerResponse) => void answer.writeHead(504).end(),
  limited: (_: IncomingMessage, answer: ServerResponse) =>
    void answer.writeHead(429, { "content-type": "text/plain", "retry-after": "1" }).end("slow down"),
  portal: (_: IncomingMessage, answer: ServerResponse) => void answer.writeHead(200, { "content-type": "text/html" }).end(page),
  redirected: (_: IncomingMessage, answer: ServerResponse) =>
    void answer.writeHead(302, { location: "http://hotel.example/welcome" }).end(),
};

interface Way {
  readonly answer: ServerResponse;
  readonly to: string;
  readonly fault: Fault | undefined;
}

function pass(question: IncomingMessage, body: Buffer, { answer, to, fault }: Way): Promise<void> {
  return new Promise((resolve) => {
    const url = new URL(question.url ?? "/", to);
    const forward = ask(url, { method: question.method, headers: { ...question.headers, host: url.host } }, async (got) => {
      const chunks: Buffer[] = [];
      for await (const chunk of got) chunks.push(chunk);
      const all = Buffer.concat(chunks);
      const headers = { ...got.headers, "content-length": String(all.length) };
      delete (headers as Record<string, unknown>)["transfer-encoding"];
      const cut = () => question.socket.destroy();
      if (fault === "lost") cut();
      else if (fault === "short") {
        // As a proxy that had no room for the rest: HTTP gives no sign of it.
        const half = all.subarray(0, all.length / 2);
        answer.writeHead(got.statusCode ?? 500, { ...headers, "content-length": String(half.length) }).end(half);
      } else if (fault === "headers" || fault === "half") {
        answer.writeHead(got.statusCode ?? 500, headers);
        answer.write(fault === "half" ? all.subarray(0, all.length / 2) : "", () => setImmediate(cut));
        answer.flushHeaders();
      } else answer.writeHead(got.statusCode ?? 500, headers).end(all);
      resolve();
    });
    // Whoever asked has gone, or the service has: either way nothing more is to be passed on.
    forward.once("error", () => {
      question.socket.destroy();
      resolve();
    });
    forward.end(body);
  });
}
