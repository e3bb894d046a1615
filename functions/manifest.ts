import type { Queue } from "@berth/domain/context.ts";

/**
 * What the functions are and what starts them, as data: infra/ makes the cloud's resources of it, packages/local/ the pollers and the
 * gateway of one machine. Every `*.handler.ts` below functions/ is listed under its path.
 */
export interface QueueFacts {
  readonly fifo: boolean;
  /** Failed receives after which a message goes to dead letters. */
  readonly receives: number;
}

export interface Route {
  readonly method: "ANY" | "GET" | "POST";
  /** In API Gateway's syntax: `{name}` is one segment, `{name+}` the rest. */
  readonly path: string;
}

/** The function receives `{ schedule: name }`. */
interface Schedule {
  readonly name: string;
  readonly everyMinutes: number;
}

type Trigger =
  /** API Gateway, HTTP API, payload 2.0. */
  | { readonly kind: "http"; readonly routes: readonly Route[] }
  /** A Function URL with response streaming, which API Gateway would buffer. */
  | { readonly kind: "stream-url"; readonly routes: readonly Route[] }
  | { readonly kind: "queue"; readonly queue: Queue; readonly batchSize: number }
  | { readonly kind: "schedule"; readonly schedules: readonly Schedule[] }
  /** `filter` is an EventBridge pattern. */
  | { readonly kind: "table-stream"; readonly batchSize: number; readonly windowSeconds: number; readonly filter: object };

export interface FunctionFacts {
  readonly trigger: Trigger;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** Limits what a flood or a loop can cost. */
  readonly concurrency: number;
}

/** Lambda asks SQS sources for six times the function's timeout. */
export const VISIBILITY_TIMEOUTS = 6;

export const queues = {
  jobs: { fifo: false, receives: 5 },
  mail: { fifo: false, receives: 5 },
  billing: { fifo: true, receives: 8 },
} as const satisfies Record<Queue, QueueFacts>;

export const functions = {
  "api/handler": {
    trigger: {
      kind: "http",
      routes: [
        { method: "ANY", path: "/v1/{proxy+}" },
        { method: "GET", path: "/health" },
        { method: "GET", path: "/health/ready" },
      ],
    },
    // API Gateway times out after 30 seconds; a route waits at most 20.
    timeoutSeconds: 29,
    memoryMegabytes: 1024,
    concurrency: 100,
  },
  "api/reveal": {
    trigger: { kind: "http", routes: [{ method: "POST", path: "/v1/apps/{app}/variables/{name}/reveal" }] },
    timeoutSeconds: 29,
    memoryMegabytes: 512,
    concurrency: 10,
  },
  "api/stream": {
    trigger: { kind: "stream-url", routes: [{ method: "GET", path: "/v1/jobs/{job}/events" }] },
    timeoutSeconds: 60,
    memoryMegabytes: 512,
    concurrency: 50,
  },
  "webhooks/stripe": {
    trigger: { kind: "http", routes: [{ method: "POST", path: "/webhooks/stripe" }] },
    timeoutSeconds: 10,
    memoryMegabytes: 512,
    concurrency: 20,
  },
  "billing/sync": {
    // A failed message blocks only its own customer's group.
    trigger: { kind: "queue", queue: "billing", batchSize: 1 },
    timeoutSeconds: 60,
    memoryMegabytes: 512,
    concurrency: 10,
  },
  "billing/reconcile": {
    trigger: {
      kind: "schedule",
      schedules: [
        { name: "undelivered", everyMinutes: 15 },
        { name: "delinquent", everyMinutes: 60 },
        { name: "full", everyMinutes: 24 * 60 },
        { name: "continue", everyMinutes: 15 },
      ],
    },
    timeoutSeconds: 840,
    memoryMegabytes: 512,
    // The nightly comparison runs for hours, and the other schedules must not wait for it.
    concurrency: 4,
  },
  "billing/close": {
    trigger: { kind: "schedule", schedules: [{ name: "close", everyMinutes: 5 }] },
    // Erasing the history of a large account takes most of it.
    timeoutSeconds: 300,
    memoryMegabytes: 512,
    concurrency: 1,
  },
  "workers/rollout": {
    trigger: { kind: "queue", queue: "jobs", batchSize: 1 },
    // A worker attends a run for 10 minutes, then hands it over.
    timeoutSeconds: 720,
    memoryMegabytes: 512,
    concurrency: 100,
  },
  "workers/mail": {
    trigger: { kind: "queue", queue: "mail", batchSize: 5 },
    timeoutSeconds: 30,
    memoryMegabytes: 256,
    concurrency: 5,
  },
  "workers/relay": {
    trigger: {
      kind: "table-stream",
      batchSize: 25,
      windowSeconds: 2,
      filter: {
        eventName: ["INSERT"],
        dynamodb: { Keys: { pk: { S: [{ prefix: "TENANT#" }] }, sk: { S: [{ prefix: "JOB#" }] } } },
      },
    },
    timeoutSeconds: 30,
    memoryMegabytes: 256,
    concurrency: 5,
  },
  "workers/sweep": {
    trigger: { kind: "schedule", schedules: [{ name: "sweep", everyMinutes: 1 }] },
    timeoutSeconds: 55,
    memoryMegabytes: 512,
    concurrency: 2,
  },
} as const satisfies Record<string, FunctionFacts>;

export type FunctionName = keyof typeof functions;

/** The API's own handler is named after its folder. */
export const entryOf = (name: FunctionName) => `functions/${name === "api/handler" ? "api/api" : name}.handler.ts`;
