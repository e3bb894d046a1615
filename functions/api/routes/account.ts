import { Hono } from "hono";
import { deleteCookie } from "hono/cookie";
import * as z from "zod";
import { contract } from "../contract.ts";
import { cookieName } from "../credentials.ts";
import type { Env } from "../request.ts";

const Status = <S extends "closed" | "closing">(status: S) => z.object({ status: z.literal(status) });

export const account = new Hono<Env>().delete(
  "/account",
  contract(() => ({
    operationId: "closeAccount",
    summary: "Close the account for good: end the subscription, then erase everything. Apps on your servers are not touched",
    tag: "Account",
    scope: "admin",
    needs: "close",
    query: z.object({ apps: z.enum(["refuse", "leave"]).default("refuse") }),
    answers: {
      200: { description: "Closed", schema: Status("closed") },
      202: { description: "It is being closed; a mail tells when that is done", schema: Status("closing") },
    },
    problems: ["auth.proof", "account.apps_running", "account.busy", "account.closing", "version.stale"],
  })),
  async (c) => {
    const { closeAccount } = await import("@berth/domain/closing/close.ts");
    const { status } = await closeAccount(c.var.ctx, c.req.valid("query"));
    const { origin } = c.var.world;
    if (c.var.session) deleteCookie(c, cookieName(origin), { path: "/", secure: origin.startsWith("https:") });
    return status === "closed" ? c.json({ status }, 200) : c.json({ status }, 202);
  },
);
