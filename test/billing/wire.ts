import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Ingress, receive } from "../../functions/webhooks/stripe.ts";
import { answerValidator } from "../local-stripe/harness.ts";

let base64 = false;

/** The ingress behind a server of its own; every other request comes as API Gateway sends what is not plain text: in base64. */
export async function serveHook(
  ingress: Ingress,
  outage: { readonly webhook: boolean },
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => void parts.push(part));
    request.on("end", () => {
      if (outage.webhook) return void response.writeHead(503).end();
      base64 = !base64;
      const raw = Buffer.concat(parts);
      const event = {
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body: raw.toString(base64 ? "base64" : "utf8"),
        isBase64Encoded: base64,
        requestContext: { http: { method: request.method } },
      };
      receive(ingress, event as unknown as Parameters<typeof receive>[1]).then(
        (answer) => void response.writeHead(answer.statusCode ?? 200).end(answer.body),
        // As Lambda does with what a handler throws.
        () => void response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

let validator: ReturnType<typeof answerValidator> | undefined;

/** `fetch`, but an answer of the API that is not as its description says is an error. */
export function checkedFetch(): { fetch: typeof globalThis.fetch; count: () => number } {
  let count = 0;
  validator ??= answerValidator();
  const validate = validator;
  return {
    count: () => count,
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      const path = new URL(String(input)).pathname;
      const wrong = validate((init?.method ?? "GET").toLowerCase(), path, await answer.clone().json(), answer.status);
      if (wrong.length > 0) throw new Error(`${path} departs from the API's description: ${wrong.slice(0, 5).join("; ")}`);
      count++;
      return answer;
    },
  };
}
