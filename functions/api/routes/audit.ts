import { AuditLine, listAudit } from "@berth/domain/audit/audit.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

export const audit = new Hono<Env>().get(
  "/audit",
  contract(() => ({
    operationId: "listAudit",
    summary: "Who did what to which thing, newest first",
    tag: "Audit",
    scope: "read",
    needs: "read",
    query: z.object(paging),
    answers: { 200: { description: "A page", schema: page(AuditLine) } },
  })),
  async (c) => c.json(await listAudit(c.var.ctx, c.req.valid("query")), 200),
);
