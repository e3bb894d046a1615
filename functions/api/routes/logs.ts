import { LogItem } from "@berth/domain/log/item.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, inApp, name } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Logs";
const params = z.object({ log: z.string().max(60) });

export const logs = new Hono<Env>()
  .post(
    "/apps/:app/logs",
    contract(() => ({
      operationId: "openLogs",
      summary: "Open the logs of an app's containers",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      body: z.object({
        environment: name.optional(),
        services: z.array(z.string().min(1).max(100)).max(30).optional(),
        tail: z.number().int().min(0).max(1000).default(100).describe("Of all together"),
        since: z.iso.datetime().max(40).optional(),
        follow: z.boolean().default(true),
      }),
      answers: {
        201: {
          description: "Its id and servers",
          schema: z.object({ id: z.string(), targets: z.array(z.string()) }),
        },
      },
      problems: ["app.not_found", "app.not_deployed", "rate.limited", "log.too_many", "idempotency.mismatch", "idempotency.busy"],
    })),
    async (c) => {
      const { openLogs } = await import("@berth/domain/log/open.ts");
      return c.json(await openLogs(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 201);
    },
  )
  .get(
    "/logs/:log",
    contract(() => ({
      operationId: "readLogs",
      summary: "Lines after a place; waits for more. Unread it stops, until it is asked for again",
      tag,
      scope: "read",
      needs: "read",
      params,
      query: z.object({
        after: z.coerce.number().int().min(0).max(999_999_999).default(0),
        wait: z.coerce.number().int().min(0).max(15).default(0),
      }),
      answers: {
        200: {
          description: "Lines and gaps",
          schema: z.object({ items: z.array(LogItem), next: z.number().int(), ended: z.boolean() }),
        },
      },
      problems: ["log.not_found", "log.too_many", "rate.limited"],
    })),
    async (c) => {
      const { readLogs } = await import("@berth/domain/log/read.ts");
      const { after, wait } = c.req.valid("query");
      return c.json(await readLogs(c.var.ctx, { log: c.req.valid("param").log, after, waitSeconds: wait }), 200);
    },
  )
  .delete(
    "/logs/:log",
    contract(() => ({
      operationId: "closeLogs",
      summary: "Stop reading",
      tag,
      scope: "read",
      needs: "read",
      params,
      answers: { 204: { description: "Stopped" } },
      problems: ["log.not_found"],
    })),
    async (c) => {
      const { closeLogs } = await import("@berth/domain/log/open.ts");
      await closeLogs(c.var.ctx, c.req.valid("param").log);
      return c.body(null, 204);
    },
  );
