import { timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { audit } from "../audit/audit.ts";
import type { Context, World } from "../context.ts";
import { isOpen } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { secretText, sha256 } from "../id.ts";
import { post, send } from "../mail/outbox.ts";
import { get } from "../query.ts";
import { fromNetwork, type Limit, limitAll, network } from "../rate-limit.ts";
import { globalKey, type Key, put, putOne, remove, tryCommit, ttlIn, updateOne, type Write } from "../table.ts";
import { findUserByEmail, type User, userOfEmail } from "../tenant/tenant.ts";
import { addWithinLimit } from "../turn.ts";
import { actorOf, endOldest, insertSession } from "./session.ts";

/**
 * Signing in by e-mail: a six-digit code, valid for ten minutes and five tries, then a session. Only hashes are stored. A code is bound to
 * the browser that asked for it, so nobody else's guesses use up its tries. A browser that signed in before is known to the address, so
 * strangers' requests do not lock out the owner.
 */
export const CODE_MINUTES = 10;
export const BROWSER_DAYS = 180;
const TRIES = 5;
const WINDOW_SECONDS = 900;

const Code = z.object({ hash: z.string(), tries: z.number().int() });

/** `browser` is the secret of the browser's own cookie, `client` what the browser calls itself. */
export interface Visitor {
  readonly browser: string;
  readonly ip: string;
  readonly client: string;
}

const hashOf = (about: string, code: string) => sha256(`${about}|${code}`);
const codeKey = (email: string, browser: string) => globalKey("CODE", sha256(`${browser}|${email}`));
const browserKey = (email: string, browser: string) => globalKey("BROWSER", sha256(`${browser}|${email}`));

const isKnown = async (world: World, email: string, browser: string) =>
  (await get(world, browserKey(email, browser))) !== undefined;

const strangers = (what: string, email: string, ip: string, { each, together }: { each: number; together: number }): Limit[] => [
  { name: `${what}#${email}#${network(ip)}`, most: each, seconds: WINDOW_SECONDS },
  { name: `${what}-strangers#${email}`, most: together, seconds: WINDOW_SECONDS },
];

/** Answers the same whether or not the address is known. @throws Problem rate.limited */
export async function requestCode(world: World, input: { email: string; browser: string; ip: string }): Promise<void> {
  const { email, browser, ip } = input;
  const known = await isKnown(world, email, browser);
  await limitAll(world, [
    ...fromNetwork("code-from", ip, { most: 30, seconds: WINDOW_SECONDS }),
    ...(known
      ? [{ name: `code-known#${sha256(`${browser}|${email}`)}`, most: 5, seconds: WINDOW_SECONDS }]
      : strangers("code", email, ip, { each: 5, together: 20 })),
  ]);
  const code = await newCode(world, codeKey(email, browser), email);
  await world.send("mail", { to: email, template: "code", data: { code, minutes: CODE_MINUTES } });
}

export async function newCode(world: World, at: Key, about: string): Promise<string> {
  const number = world.random(6).reduce((sum, byte) => (sum * 256 + byte) % 1_000_000, 0);
  const code = String(number).padStart(6, "0");
  await putOne(world, at, { hash: hashOf(about, code), tries: 0, ttl: ttlIn(world, CODE_MINUTES * 60) });
  return code;
}

/** Answers the write that uses the code up. @throws Problem auth.code_wrong */
export async function takeCode(world: World, at: Key, about: string, given: string): Promise<Write> {
  const wrong = new Problem("auth.code_wrong");
  if (!(await get(world, at))) throw wrong;
  // Counted before the comparison, so that concurrent guesses cannot exceed the limit.
  const one = {
    change: "SET tries = tries + :one",
    condition: "attribute_exists(pk) AND tries < :most",
    values: { ":one": 1, ":most": TRIES },
  };
  const tooMany = new Problem("auth.code_wrong", { detail: "Too many tries. Ask for a new code." });
  const { hash } = Code.parse(await updateOne(world, at, one, (row) => (row ? tooMany : wrong)));
  if (!timingSafeEqual(Buffer.from(hashOf(about, given)), Buffer.from(hash))) throw wrong;
  return remove(world, at, { condition: "#hash = :hash", values: { ":hash": hash } }, wrong);
}

/** Exchanges a code for a session, once. @throws Problem auth.code_wrong, rate.limited, account.closing */
export async function verifyCode(
  world: World,
  input: Visitor & { email: string; code: string },
): Promise<{ user: User; session: string }> {
  const { email, browser, ip, client } = input;
  const at = codeKey(email, browser);
  if (!(await get(world, at)))
    throw new Problem("auth.code_wrong", {
      detail: "No code waits for this address in this browser. Enter a code where you asked for it.",
    });
  const [known, former] = await Promise.all([isKnown(world, email, browser), findUserByEmail(world, email)]);
  if (!known) await limitAll(world, strangers("guess", email, ip, { each: 15, together: 30 }));
  const used = await takeCode(world, at, email, input.code);
  const user = await userOfEmail(world, email);
  const session = secretText(world, 43);
  const ctx: Context = { ...world, tenant: user.tenant, actor: actorOf(user) };
  const told =
    former && !known
      ? post(ctx, { to: email, template: "signed-in", data: { ip, client, at: ctx.now().toUTCString() } })
      : undefined;
  await addWithinLimit(ctx, "sessions", async (turn) =>
    tryCommit(
      ctx,
      turn,
      used,
      isOpen(ctx),
      ...(await endOldest(ctx, user.id)),
      ...insertSession(ctx, session, user, { ip, client }),
      put(ctx, browserKey(email, browser), { ttl: ttlIn(ctx, BROWSER_DAYS * 86_400) }),
      told?.write,
      audit(ctx, "session.create", user.id, { name: user.email }),
    ),
  );
  if (told) await send(ctx, told.mail);
  return { user, session };
}
