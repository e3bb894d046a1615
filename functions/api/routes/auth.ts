import { endSession, requestCode, SESSION_DAYS, verifyCode } from "@berth/domain/auth/code.ts";
import { answerDevice, finishDevice, showDevice, startDevice } from "@berth/domain/auth/device.ts";
import { giveProof, requestProof } from "@berth/domain/auth/proof.ts";
import { scopes } from "@berth/domain/context.ts";
import { User } from "@berth/domain/tenant/tenant.ts";
import { Token } from "@berth/domain/token/token.ts";
import { Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import type { Env } from "../app.ts";
import { contract } from "../contract.ts";
import { cookieName } from "../credentials.ts";

const email = z
  .email()
  .max(200)
  .transform((text) => text.toLowerCase());
const userCode = z.object({ code: z.string().regex(/^[A-Za-z]{4}-[A-Za-z]{4}$/, "eight letters with a dash") });
const tag = "Sign-in";

export const auth = new Hono<Env>()
  .post(
    "/code",
    contract({
      operationId: "requestCode",
      summary: "Send a sign-in code by e-mail",
      tag,
      scope: "public",
      body: z.object({ email }),
      answers: { 202: { description: "Sent", schema: z.object({ sent: z.literal(true) }) } },
      problems: ["rate.limited"],
    }),
    async (c) => {
      await requestCode(c.var.world, { email: c.req.valid("json").email, ip: c.var.ip });
      return c.json({ sent: true as const }, 202);
    },
  )
  .post(
    "/verify",
    contract({
      operationId: "verifyCode",
      summary: "Sign in with the code; the first time makes the account. Sets the session cookie",
      tag,
      scope: "public",
      body: z.object({ email, code: z.string().regex(/^\d{6}$/, "six digits") }),
      answers: { 200: { description: "Signed in", schema: User } },
      problems: ["auth.code_wrong", "account.closing"],
    }),
    async (c) => {
      const { user, session } = await verifyCode(c.var.world, c.req.valid("json"));
      const secure = c.var.world.origin.startsWith("https:");
      const options = { path: "/", httpOnly: true, sameSite: "Lax" as const, secure, maxAge: SESSION_DAYS * 86_400 };
      setCookie(c, cookieName(c.var.world.origin), session, options);
      return c.json(user, 200);
    },
  )
  .post(
    "/logout",
    contract({
      operationId: "logout",
      summary: "End the session",
      tag,
      scope: "session",
      answers: { 204: { description: "Ended" } },
    }),
    async (c) => {
      if (c.var.session) await endSession(c.var.ctx, c.var.session);
      deleteCookie(c, cookieName(c.var.world.origin), { path: "/", secure: c.var.world.origin.startsWith("https:") });
      return c.body(null, 204);
    },
  )
  .post(
    "/proof",
    contract({
      operationId: "requestProof",
      summary: "Mail a code to the person behind this session or token; needed before the billing portal and closing the account",
      tag,
      scope: "session",
      answers: { 202: { description: "Sent, to the addresses told in part", schema: z.object({ to: z.array(z.string()) }) } },
      problems: ["rate.limited"],
    }),
    async (c) => c.json(await requestProof(c.var.ctx), 202),
  )
  .post(
    "/proof/verify",
    contract({
      operationId: "giveProof",
      summary: "Prove with the code that it is you; holds for this session or token for 15 minutes",
      tag,
      scope: "session",
      body: z.object({ code: z.string().regex(/^\d{6}$/, "six digits") }),
      answers: { 200: { description: "Proved", schema: z.object({ until: z.string() }) } },
      problems: ["auth.code_wrong"],
    }),
    async (c) => c.json(await giveProof(c.var.ctx, c.req.valid("json").code), 200),
  )
  .post(
    "/device",
    contract({
      operationId: "startDevice",
      summary: "Start a device login (RFC 8628)",
      tag,
      scope: "public",
      body: z.object({
        client: z.string().min(1).max(80),
        scopes: z.array(z.enum(scopes)).min(1).default(["deploy", "admin", "billing"]),
      }),
      answers: {
        200: {
          description: "Show the user code, then ask for the token",
          schema: z.object({
            deviceCode: z.string(),
            userCode: z.string(),
            verificationUri: z.string(),
            verificationUriComplete: z.string(),
            expiresIn: z.number().int(),
            interval: z.number().int(),
          }),
        },
      },
      problems: ["rate.limited"],
    }),
    async (c) => c.json(await startDevice(c.var.world, { ...c.req.valid("json"), ip: c.var.ip }), 200),
  )
  .post(
    "/device/token",
    contract({
      operationId: "finishDevice",
      summary: "Ask for the token of a device login",
      tag,
      scope: "public",
      body: z.object({ deviceCode: z.string().max(100) }),
      answers: { 200: { description: "The token; its secret is shown here only", schema: Token.extend({ secret: z.string() }) } },
      problems: ["auth.device_pending", "auth.device_slow", "auth.device_denied", "auth.device_expired"],
    }),
    async (c) => c.json(await finishDevice(c.var.world, c.req.valid("json").deviceCode), 200),
  )
  .get(
    "/device/:code",
    contract({
      operationId: "showDevice",
      summary: "Who asks to log in, for the person who is to confirm",
      tag,
      scope: "admin",
      params: userCode,
      answers: {
        200: {
          description: "The request",
          schema: z.object({
            userCode: z.string(),
            client: z.string(),
            ip: z.string(),
            scopes: z.array(z.enum(scopes)),
            createdAt: z.string(),
            status: z.enum(["pending", "approved", "denied", "done"]),
          }),
        },
      },
      problems: ["auth.device_expired", "rate.limited"],
    }),
    async (c) => c.json(await showDevice(c.var.ctx, c.req.valid("param").code), 200),
  )
  .post(
    "/device/:code",
    contract({
      operationId: "answerDevice",
      summary: "Confirm or deny a device login; only a person in the browser can",
      tag,
      scope: "session",
      params: userCode,
      body: z.object({ approve: z.boolean() }),
      answers: { 204: { description: "Answered" } },
      problems: ["token.scope", "auth.device_expired", "rate.limited"],
    }),
    async (c) => {
      await answerDevice(c.var.ctx, { userCode: c.req.valid("param").code.toUpperCase(), approve: c.req.valid("json").approve });
      return c.body(null, 204);
    },
  );
