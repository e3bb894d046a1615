import { browserName } from "@berth/domain/auth/browser.ts";
import { SESSION_DAYS, signOut } from "@berth/domain/auth/session.ts";
import { secretText } from "@berth/domain/id.ts";
import { scopes } from "@berth/domain/scope.ts";
import { User } from "@berth/domain/tenant/tenant.ts";
import { Token } from "@berth/domain/token/token.ts";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as z from "zod";
import { contract, lineOf } from "../contract.ts";
import { browserCookie, cookieName } from "../credentials.ts";
import type { Env } from "../request.ts";

const email = z
  .email()
  .max(200)
  .transform((text) => text.toLowerCase());
const userCode = z.object({
  code: z
    .string()
    .max(9)
    .regex(/^[A-Za-z]{4}-[A-Za-z]{4}$/, "eight letters with a dash"),
});
const tag = "Sign-in";

const code = () => import("@berth/domain/auth/code.ts");
const proof = () => import("@berth/domain/auth/proof.ts");
const device = () => import("@berth/domain/token/device.ts");

const cookie = (origin: string, days: number) => ({
  path: "/",
  httpOnly: true,
  sameSite: "Lax" as const,
  secure: origin.startsWith("https:"),
  maxAge: days * 86_400,
});

const browserOf = (c: Context<Env>) => {
  const found = getCookie(c, browserCookie(c.var.world.origin));
  return found && /^[0-9A-Za-z]{43}$/.test(found) ? found : undefined;
};

const clientOf = (c: Context<Env>) =>
  browserName(
    lineOf(0, 200)
      .catch("")
      .parse((c.req.header("user-agent") ?? "").slice(0, 200)),
  ) || "an unnamed program";

export const auth = new Hono<Env>()
  .post(
    "/code",
    contract(() => ({
      operationId: "requestCode",
      summary: "Send a sign-in code by e-mail. It works in the browser that asked: keep the cookie this sets",
      tag,
      scope: "public",
      needs: "identity",
      body: z.object({ email }),
      answers: { 202: { description: "Sent", schema: z.object({ sent: z.literal(true) }) } },
      problems: ["rate.limited"],
    })),
    async (c) => {
      const { world, ip } = c.var;
      const browser = browserOf(c) ?? secretText(world, 43);
      const { BROWSER_DAYS, requestCode } = await code();
      await requestCode(world, { email: c.req.valid("json").email, browser, ip });
      setCookie(c, browserCookie(world.origin), browser, cookie(world.origin, BROWSER_DAYS));
      return c.json({ sent: true as const }, 202);
    },
  )
  .post(
    "/verify",
    contract(() => ({
      operationId: "verifyCode",
      summary: "Sign in with the code; the first time makes the account. Sets the session cookie",
      tag,
      scope: "public",
      needs: "identity",
      body: z.object({
        email,
        code: z
          .string()
          .max(6)
          .regex(/^\d{6}$/, "six digits"),
      }),
      answers: { 200: { description: "Signed in", schema: User } },
      problems: ["auth.code_wrong", "account.closing", "rate.limited"],
    })),
    async (c) => {
      const { world, ip } = c.var;
      const browser = browserOf(c) ?? "";
      const { BROWSER_DAYS, verifyCode } = await code();
      const { user, session } = await verifyCode(world, { ...c.req.valid("json"), browser, ip, client: clientOf(c) });
      setCookie(c, cookieName(world.origin), session, cookie(world.origin, SESSION_DAYS));
      if (browser) setCookie(c, browserCookie(world.origin), browser, cookie(world.origin, BROWSER_DAYS));
      return c.json(user, 200);
    },
  )
  .post(
    "/logout",
    contract(() => ({
      operationId: "logout",
      summary: "End the session",
      tag,
      scope: "session",
      needs: "identity",
      answers: { 204: { description: "Ended" } },
    })),
    async (c) => {
      if (c.var.session) await signOut(c.var.ctx, c.var.session);
      deleteCookie(c, cookieName(c.var.world.origin), { path: "/", secure: c.var.world.origin.startsWith("https:") });
      return c.body(null, 204);
    },
  )
  .post(
    "/proof",
    contract(() => ({
      operationId: "requestProof",
      summary:
        "Mail a code to the person behind this session or token; needed for the billing portal, tokens, host keys and closing the account",
      tag,
      scope: "session",
      needs: "identity",
      answers: { 202: { description: "Sent, to the addresses told in part", schema: z.object({ to: z.array(z.string()) }) } },
      problems: ["token.scope", "rate.limited"],
    })),
    async (c) => c.json(await (await proof()).requestProof(c.var.ctx), 202),
  )
  .post(
    "/proof/verify",
    contract(() => ({
      operationId: "giveProof",
      summary: "Prove with the code that it is you; holds for this session or token for 15 minutes",
      tag,
      scope: "session",
      needs: "identity",
      body: z.object({
        code: z
          .string()
          .max(6)
          .regex(/^\d{6}$/, "six digits"),
      }),
      answers: { 200: { description: "Proved", schema: z.object({ until: z.string() }) } },
      problems: ["auth.code_wrong"],
    })),
    async (c) => c.json(await (await proof()).giveProof(c.var.ctx, c.req.valid("json").code), 200),
  )
  .post(
    "/device",
    contract(() => ({
      operationId: "startDevice",
      summary: "Start a device login (RFC 8628)",
      tag,
      scope: "public",
      needs: "identity",
      body: z.object({
        client: lineOf(1, 80),
        scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).default(["deploy", "admin", "billing"]),
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
    })),
    async (c) => c.json(await (await device()).startDevice(c.var.world, { ...c.req.valid("json"), ip: c.var.ip }), 200),
  )
  .post(
    "/device/token",
    contract(() => ({
      operationId: "finishDevice",
      summary: "Ask for the token of a device login",
      tag,
      scope: "public",
      needs: "identity",
      body: z.object({ deviceCode: z.string().max(100) }),
      answers: { 200: { description: "The token; its secret is shown here only", schema: Token.extend({ secret: z.string() }) } },
      problems: ["auth.device_pending", "auth.device_slow", "auth.device_denied", "auth.device_expired", "token.too_many"],
    })),
    async (c) => c.json(await (await device()).finishDevice(c.var.world, c.req.valid("json").deviceCode), 200),
  )
  .get(
    "/device/:code",
    contract(() => ({
      operationId: "showDevice",
      summary: "Who asks to log in, for the person who is to confirm",
      tag,
      scope: "admin",
      needs: "identity",
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
    })),
    async (c) => c.json(await (await device()).showDevice(c.var.ctx, c.req.valid("param").code), 200),
  )
  .post(
    "/device/:code",
    contract(() => ({
      operationId: "answerDevice",
      summary: "Confirm or deny a device login; only a person in the browser can",
      tag,
      scope: "session",
      needs: "identity",
      params: userCode,
      body: z.object({ approve: z.boolean() }),
      answers: { 204: { description: "Answered" } },
      problems: ["token.scope", "auth.proof", "auth.device_expired", "rate.limited"],
    })),
    async (c) => {
      const { answerDevice } = await device();
      await answerDevice(c.var.ctx, { userCode: c.req.valid("param").code.toUpperCase(), approve: c.req.valid("json").approve });
      return c.body(null, 204);
    },
  );
