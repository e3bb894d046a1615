// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const auth = ["test/api/auth.test.ts"];
const device = ["test/api/device.test.ts"];
const account = ["test/api/account.test.ts"];
const underway = ["test/api/closing-underway.test.ts"];

/** Who somebody is, and what tokens and codes are good for. */
export const signIn = [
  ...within(
    "packages/domain/src/token/token.ts",
    account,
    [
      "what was made with a revoked token goes on working",
      'filter(({ parent }) => gone.has(parent ?? ""))',
      'filter(({ parent }) => gone.has(parent ?? "") && !parent)',
    ],
    [
      "what a revoked token made goes on working since some of it was revoked meanwhile",
      "if (!removed && each.id === id)",
      "if (!removed)",
    ],
    [
      "who revokes what is gone is told that it was done",
      "if (!removed && each.id === id)",
      "if (!removed && each.id === each.hash)",
    ],
  ),
  ...within(
    "packages/domain/src/turn.ts",
    ["test/domain/at-once.test.ts"],
    [
      "who asks for many at once gets more than there may be",
      'condition: seen ? "added = :seen" : "attribute_not_exists(pk)",\n        values: { ":next": added + 1, ...(seen && { ":seen": added }) },',
      'condition: "attribute_not_exists(nothing)",\n        values: { ":next": added + 1 },',
    ],
    ["who is overtaken is refused", "if (tries === TRIES) throw", "if (tries === 1) throw"],
  ),
  ...within(
    "packages/domain/src/token/issue.ts",
    account,
    ["a stolen session makes itself a token for a year", "  requireProof(ctx);\n", ""],
    [
      "a token without an end outlives the one it was made with",
      "new Date(parent.expiresAt) < asked ?",
      "new Date(parent.expiresAt) > asked ?",
    ],
    [
      "a token that is revoked at this moment makes another",
      "    tokenLives(ctx),\n",
      "    ctx.actor.id ? undefined : tokenLives(ctx),\n",
    ],
    ["a token gives away rights that it has not", "  for (const scope of input.scopes) allow(ctx, scope);\n", ""],
    ["there is no end of tokens, and a list hides one", "held.length >= TOKENS_MOST", "held.length > TOKENS_MOST"],
    ["nobody is told of a new token", "  for (const { mail } of told) await send(ctx, mail);\n", "", "test/api/account.test.ts"],
  ),
  ...within(
    "packages/domain/src/auth/session.ts",
    ["test/api/sessions.test.ts"],
    ["a session that was ended goes on working", "    erase(ctx, sessionKey(found.hash)),\n", ""],
    [
      "people of one account see and end each other's sessions",
      ".filter((each) => each.user === user)",
      '.filter((each) => each.user !== "" || user)',
    ],
    ["signing out elsewhere ends this session too", ".filter(({ hash }) => !isCurrent(ctx, hash))", ""],
  ),
  ...within(
    "packages/domain/src/auth/proved.ts",
    ["test/api/proof.test.ts"],
    ["a proof of yesterday still counts", "isoIn(ctx, -PROOF_MINUTES * 60)", "isoIn(ctx, -PROOF_MINUTES * 60_000)"],
  ),
  ...within(
    "packages/domain/src/auth/proof.ts",
    ["test/api/proof.test.ts"],
    [
      "a token without rights has mails sent",
      'if (ctx.actor.kind === "token" && !ctx.actor.scopes.includes("billing")) allow(ctx, "admin");',
      "",
    ],
    ["tokens use up the proofs of the person", "`proof-day#${whose}`", "`proof-day#${whose && ctx.tenant}`"],
  ),
  ...within(
    "packages/domain/src/auth/code.ts",
    auth,
    [
      "a stranger's guesses use up the code of another browser",
      'globalKey("CODE", sha256(`${browser}|${email}`))',
      'globalKey("CODE", sha256(`${browser.slice(0, 0)}|${email}`))',
    ],
    ["a code can be guessed without end", "AND tries < :most", "AND (tries < :most OR tries >= :most)"],
    ["strangers keep a customer from signing in", "    ...(known\n", '    ...(known && browser === ""\n'],
    ["nobody is told of a sign-in elsewhere", "former && !known\n", "former && known\n"],
    ["a code works twice", "      used,\n      isOpen(ctx),", "      isOpen(ctx),"],
    ["somebody signs in to an account that is being closed", "      used,\n      isOpen(ctx),\n", "      used,\n", ...underway],
  ),
  ...within(
    "packages/domain/src/rate-limit.ts",
    ["test/domain/rate.test.ts"],
    [
      "a request that is refused is counted against others",
      "if (Number(rows[i]?.calls ?? 0) + window.count > window.most) throw tooMany(window);",
      "void rows[i];",
    ],
    ["a line of IPv6 is as many callers as it has addresses", "prefix(ip, 64)", "ip || prefix(ip, 64)"],
    ["a site of IPv6 is 65,536 callers", "most: most * 10, seconds", "most: most * 65_536, seconds"],
  ),
  ...within(
    "packages/domain/src/token/device.ts",
    device,
    [
      "a command line that logs in may ask without a pause",
      "now - login.askedAt < (INTERVAL_SECONDS * 1000) / 2",
      "now - login.askedAt < 0",
    ],
    [
      "a login that is asked for twice gives two tokens",
      'condition: "#status = :approved"',
      'condition: "#status = :approved OR #status <> :approved"',
    ],
    ["a token confirms a login by itself", 'if (ctx.actor.kind !== "user") throw', 'if (ctx.actor.kind === "system") throw'],
    [
      "a stolen session confirms a login that lasts",
      "if (input.approve) requireProof(ctx);",
      "if (!input.approve) requireProof(ctx);",
    ],
    ["the short code alone fetches the token", "login.deviceHash !== sha256(secret) || ", ""],
  ),
  ...within("packages/domain/src/audit/audit.ts", account, [
    "a place in the record that cannot be asks for a year of months",
    "input.cursor !== undefined && !Cursor.safeParse(input.cursor).success",
    'input.cursor === ""',
  ]),
  ...within(
    "packages/domain/src/audit/who.ts",
    ["test/api/who.test.ts"],
    ["people and tokens are shown by ids", "actor.name && { name: actor.name }", 'actor.name === "" && { name: actor.name }'],
  ),
];
