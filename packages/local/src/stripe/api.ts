import { createHash } from "node:crypto";
import type { Context, Hono } from "hono";
import { catchUp } from "./clock.ts";
import { type ErrorDetail, errorBody, invalid, Refusal } from "./errors.ts";
import { expanded } from "./expand.ts";
import { bag, type FormBag, parseForm } from "./form.ts";
import { answerSchema, apiVersion, coerce, departures, requestSchema } from "./openapi.ts";
import { lockedClock } from "./test-clock.ts";
import { mint, type World } from "./world.ts";

/** One request as a handler sees it: its path parameters and its checked input. */
export interface Call<Input> {
  params: Record<string, string | undefined>;
  input: Input;
}

/** Registers a route of the API by its path in the API description. */
export type On = <Input = object>(method: "get" | "post" | "delete", path: string, run: (call: Call<Input>) => unknown) => void;

export interface Api {
  on: On;
  world: World;
}

/** Keys are forgotten after a day of simulated time. */
const replaySeconds = 24 * 60 * 60;

interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** The door through which every API route goes: key, version, idempotency, checked input, checked answer. */
export function createApi(app: Hono, world: World): Api {
  const on: On = (method, path, run) => {
    const asks = requestSchema(method, path);
    const gives = answerSchema(method, path);
    const route = path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(method.toUpperCase(), route, async (context) => {
      // A DELETE carries its parameters in the query, as the SDK sends them, or in the body.
      const query = method === "post" ? "" : new URL(context.req.url).search.slice(1);
      const form = method === "get" ? query : [query, await context.req.text()].filter(Boolean).join("&");
      const answer = answerTo(world, context, form, (raw) => {
        const input = coerce(asks, raw) as Record<string, unknown>;
        const params = context.req.param() as Record<string, string>;
        if (method !== "get") lockedClock(world, params, input);
        const { expand = [] } = input as { expand?: string[] };
        const found = expanded(world, run({ params, input: input as never }), expand);
        const wrong = departures(gives, found);
        if (wrong.length)
          throw new Error(`The answer to ${method.toUpperCase()} ${path} is not as described: ${wrong.join("; ")}`);
        return found;
      });
      return new Response(answer.body, { status: answer.status, headers: answer.headers });
    });
  };
  return { on, world };
}

/** The answer to a path that the API does not have. */
export function unknownRoute(world: World, context: Context): Response {
  const { method } = context.req;
  const message = `Unrecognized request URL (${method}: ${context.req.path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`;
  const answer = failed(mint(world, "request"), 404, { type: "invalid_request_error", message });
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}

function answerTo(world: World, context: Context, form: string, run: (input: FormBag) => unknown): Answer {
  const id = mint(world, "request");
  const key = context.req.method === "POST" ? (context.req.header("idempotency-key") ?? null) : null;
  try {
    authorize(context);
    catchUp(world);
    const input = form === "" ? bag() : parseForm(form);
    const fingerprint = createHash("sha256")
      .update(`${context.req.method} ${context.req.path}\n${canonical(input)}`)
      .digest("hex");
    const replayed = key === null ? undefined : replay(world, key, fingerprint);
    if (replayed) return replayed;
    const { answer, keep } = carryOut(world, id, key, () => run(input));
    if (key !== null && keep)
      world.state.replays.set(key, {
        fingerprint,
        status: answer.status,
        body: answer.body,
        requestId: id,
        at: world.state.time,
      });
    world.onChange();
    return answer;
  } catch (error) {
    if (error instanceof Refusal) return failed(id, error.status, error.detail);
    throw error;
  }
}

function carryOut(world: World, id: string, key: string | null, run: () => unknown): { answer: Answer; keep: boolean } {
  world.request = { id, idempotency_key: key };
  try {
    return { answer: { status: 200, body: JSON.stringify(run(), null, 2), headers: headers(id) }, keep: true };
  } catch (error) {
    if (error instanceof Refusal) return { answer: failed(id, error.status, error.detail), keep: error.written };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`local stripe: ${message}\n`);
    return { answer: failed(id, 500, { type: "api_error", message }), keep: true };
  } finally {
    world.request = null;
  }
}

function replay(world: World, key: string, fingerprint: string): Answer | undefined {
  if (key.length > 255) throw invalid("Idempotency keys must be at most 255 characters.");
  const kept = world.state.replays.get(key);
  if (!kept || kept.at + replaySeconds <= world.state.time) return undefined;
  if (kept.fingerprint !== fingerprint)
    throw new Refusal(400, {
      type: "idempotency_error",
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    });
  return {
    status: kept.status,
    body: kept.body,
    headers: { ...headers(kept.requestId), "idempotent-replayed": "true", "original-request": kept.requestId },
  };
}

function authorize(context: Context): void {
  const header = context.req.header("authorization") ?? "";
  const key = header.startsWith("Basic ")
    ? Buffer.from(header.slice(6), "base64").toString().split(":")[0]!
    : header.replace(/^Bearer /, "");
  if (key === "")
    throw new Refusal(401, {
      type: "invalid_request_error",
      message:
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    });
  if (!/^(sk|rk)_test_\w+$/.test(key))
    throw new Refusal(401, {
      type: "invalid_request_error",
      message: `Invalid API Key provided: ${key.slice(0, 8)}****${key.slice(-4)}`,
    });
  const version = context.req.header("stripe-version");
  if (version !== undefined && version !== apiVersion)
    throw invalid(`This account only speaks ${apiVersion}; the request asked for Stripe-Version ${version}.`);
}

function failed(id: string, status: number, detail: ErrorDetail): Answer {
  const retry: Record<string, string> =
    status === 409 || status === 429 || status >= 500 ? {} : { "stripe-should-retry": "false" };
  return { status, body: JSON.stringify(errorBody(detail, id), null, 2), headers: { ...headers(id), ...retry } };
}

function headers(id: string): Record<string, string> {
  return { "content-type": "application/json", "request-id": id, "stripe-version": apiVersion };
}

function canonical(node: FormBag): string {
  return JSON.stringify(
    Object.entries(node)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => [name, typeof value === "string" ? value : canonical(value)]),
  );
}
