import { API_VERSION, isHeard, syncRequestOf } from "@berth/domain/billing/stripe/events.ts";
import type { World } from "@berth/domain/context.ts";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { verify } from "./signature.ts";

/** Without a table and without Stripe: all it can do is enqueue. */
export interface Ingress {
  readonly secrets: () => Promise<readonly string[]>;
  readonly send: World["send"];
  readonly now: () => Date;
  readonly log: World["log"];
  readonly livemode: boolean;
}

/** Invoice events can be large; API Gateway allows far more. */
export const MOST_BYTES = 1024 * 1024;

type Answer = APIGatewayProxyStructuredResultV2;
const answer = (statusCode: number, text: string): Answer => ({
  statusCode,
  headers: {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
  },
  body: text,
});

/**
 * Verifies the exact bytes, enqueues a sync request, and answers 200 only when it is queued; on any other answer Stripe retries. Nothing is
 * recorded as seen here, so nothing can be lost between the record and the queue.
 */
export async function receive(ingress: Ingress, event: APIGatewayProxyEventV2): Promise<Answer> {
  if (event.requestContext.http.method !== "POST") return answer(405, "POST only");
  const raw = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (raw.length > MOST_BYTES) return refused(ingress, 413, "too large");
  const header = Object.entries(event.headers).find(([name]) => name.toLowerCase() === "stripe-signature")?.[1];
  const verdict = verify(raw, header, await ingress.secrets(), Math.floor(ingress.now().getTime() / 1000));
  if (verdict === "no-secret") return refused(ingress, 500, verdict);
  if (verdict !== "genuine") return refused(ingress, 400, verdict);
  return enqueue(ingress, JSON.parse(raw.toString("utf8")));
}

function refused(ingress: Ingress, status: number, reason: string): Answer {
  ingress.log("warn", "webhook refused", { reason });
  return answer(status, reason);
}

/** Genuine but not ours: 200 ends Stripe's retries, and the error log reports it. */
function dropped(ingress: Ingress, reason: string, event: WireEvent): Answer {
  ingress.log("error", "webhook dropped", { reason, event: event.id, type: event.type });
  return answer(200, "dropped");
}

type WireEvent = Readonly<Record<string, unknown>>;

async function enqueue(ingress: Ingress, event: WireEvent): Promise<Answer> {
  if (event.object !== "event") return dropped(ingress, "not a snapshot event", event);
  if (event.livemode !== ingress.livemode) return dropped(ingress, "event of another mode", event);
  if (event.account !== undefined || event.context) return dropped(ingress, "event of another account", event);
  if (!isHeard(String(event.type))) return answer(200, "not heard");
  // The endpoint is misconfigured, but the event still says whom to sync; only its shape is in doubt, and that is not read.
  if (event.api_version !== API_VERSION)
    ingress.log("error", "webhook of another version", { event: event.id, version: event.api_version });
  const { request, group } = syncRequestOf(event);
  await ingress.send("billing", request, { group, dedupe: String(event.id) });
  return answer(200, "queued");
}
