import type { Context, Hono } from "hono";
import { type ErrorDetail, errorBody, invalid, Refusal } from "../errors.ts";
import { catchUp } from "../flows/clock.ts";
import { lockedClock } from "../flows/clock-limits.ts";
import { type FormBag, parseForm } from "../form.ts";
import { answerSchema, apiVersion, coerce, departures, paths, requestSchema } from "../openapi.ts";
import { mint, type World } from "../world.ts";
import { expanded } from "./expand.ts";
import { holding, suffer } from "./fault.ts";
import { fingerprint, replayed } from "./replay.ts";

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
    app.on(method.toUpperCase(), route, async (context) =>
      answerTo(world, context, (raw) => {
        const input = coerce(asks, raw) as Record<string, unknown>;
        const params = context.req.param() as Record<string, string>;
        if (method !== "get") lockedClock(world, params, input);
        const { expand = [] } = input as { expand?: string[] };
        const found = expanded(world, run({ params, input: input as never }), expand);
        const wrong = departures(gives, found);
        if (wrong.length)
          throw new Error(`The answer to ${method.toUpperCase()} ${path} is not as described: ${wrong.join("; ")}`);
        return found;
      }),
    );
  };
  return { on, world };
}

/** Answers for what the API has and this account does not simulate, and for what the API does not have. */
export function otherRoutes(app: Hono, world: World): void {
  for (const [path, methods] of Object.entries(paths))
    for (const method of methods)
      app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ":$1"), (context) =>
        answerTo(world, context, () => {
          throw new Refusal(501, {
            type: "api_error",
            message: `The local Stripe does not simulate ${method.toUpperCase()} ${path}.`,
          });
        }),
      );
  app.all("/v1/*", (context) =>
    answerTo(world, context, () => {
      const { method, path } = context.req;
      const message = `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`;
      throw invalid(message, { status: 404 });
    }),
  );
}

async function answerTo(world: World, context: Context, run: (input: FormBag) => unknown): Promise<Response> {
  const id = mint(world, "request");
  const { method, path } = context.req;
  const key = method === "POST" ? (context.req.header("idempotency-key") ?? null) : null;
  // A DELETE carries its parameters in the query, as the SDK sends them, or in the body.
  const query = method === "POST" ? "" : new URL(context.req.url).search.slice(1);
  const form = method === "GET" ? query : [query, await context.req.text()].filter(Boolean).join("&");
  try {
    authorize(context);
    const input = parseForm(form);
    const answer = await holding(world, key, async () => {
      await suffer(world);
      catchUp(world);
      const print = fingerprint(method, path, input);
      const kept = key === null ? undefined : replayed(world, key, print);
      if (kept)
        return {
          ...kept,
          headers: { ...headers(kept.requestId), "idempotent-replayed": "true", "original-request": kept.requestId },
        };
      const { answer: fresh, keep } = carryOut(world, id, key, () => run(input));
      if (key !== null && keep)
        world.state.replays.set(key, {
          fingerprint: print,
          status: fresh.status,
          body: fresh.body,
          requestId: id,
          at: world.state.time,
        });
      world.onChange();
      return fresh;
    });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const answer = failed(id, error.status, error.detail);
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
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
