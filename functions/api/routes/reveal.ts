import { Revealed } from "@berth/domain/variable/view.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, lineOf } from "../contract.ts";
import type { Env } from "../request.ts";
import { inNamespace, named, tag } from "../variable.ts";

/** Served by a function of its own, which alone of the API's may open a value. */
export const reveal = new Hono<Env>().post(
  "/apps/:app/variables/:name/reveal",
  contract(() => ({
    operationId: "revealVariable",
    summary: "Show a value. A secret takes a reason and a code from the mail, entered in the last 15 minutes",
    tag,
    scope: "deploy",
    needs: "read",
    params: named,
    body: inNamespace.extend({
      version: z.number().int().min(1).optional().describe("The newest, if absent"),
      reason: lineOf(3, 200).optional().describe("Needed for a secret; it goes into the audit log"),
    }),
    answers: { 200: { description: "The value", schema: Revealed } },
    problems: ["app.not_found", "variable.not_found", "auth.proof", "rate.limited"],
  })),
  async (c) => {
    const { revealVariable } = await import("@berth/domain/variable/reveal.ts");
    return c.json(await revealVariable(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 200);
  },
);
