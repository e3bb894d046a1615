import { endOtherSessions, endSession, listSessions, Session } from "@berth/domain/auth/session.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Sessions";

export const sessions = new Hono<Env>()
  .get(
    "/sessions",
    contract(() => ({
      operationId: "listSessions",
      summary: "The browsers you are signed in with, newest first",
      tag,
      scope: "session",
      needs: "identity",
      answers: { 200: { description: "All of them", schema: all(Session) } },
      problems: ["token.scope"],
    })),
    async (c) => c.json({ items: await listSessions(c.var.ctx) }, 200),
  )
  .delete(
    "/sessions",
    contract(() => ({
      operationId: "endOtherSessions",
      summary: "Sign out everywhere else: end all of your sessions but this one",
      tag,
      scope: "session",
      needs: "identity",
      answers: { 200: { description: "Ended", schema: z.object({ ended: z.number().int() }) } },
      problems: ["token.scope"],
    })),
    async (c) => c.json(await endOtherSessions(c.var.ctx), 200),
  )
  .delete(
    "/sessions/:session",
    contract(() => ({
      operationId: "endSession",
      summary: "End one of your sessions; it stops working at once",
      tag,
      scope: "session",
      needs: "identity",
      params: z.object({ session: z.string().max(60) }),
      answers: { 204: { description: "Ended" } },
      problems: ["token.scope", "session.not_found"],
    })),
    async (c) => {
      await endSession(c.var.ctx, c.req.valid("param").session);
      return c.body(null, 204);
    },
  );
