// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const derive = ["test/billing/derive.test.ts"];
const signature = ["test/webhooks/signature.test.ts"];
const ingress = ["test/webhooks/stripe.test.ts"];
const mail = ["test/billing/mail.test.ts"];

/** Money: who is believed, what a bill means, and what is told of it. */
export const billing = [
  ...within(
    "functions/webhooks/signature.ts",
    signature,
    [
      "anybody sends events in Stripe's name",
      "each.length === expected.length && timingSafeEqual(each, expected)",
      "each.length === expected.length",
    ],
    [
      "an event of last year is believed",
      "Math.abs(nowSeconds - Number(time)) <= TOLERANCE_SECONDS",
      "Math.abs(nowSeconds - Number(time)) <= TOLERANCE_SECONDS * 1_000_000",
    ],
    [
      "without a secret everything is believed",
      'if (usable.length === 0) return "no-secret";',
      'if (usable.length === 0) return "genuine";',
    ],
  ),
  ...within(
    "functions/webhooks/stripe.ts",
    ingress,
    ["play money buys real plans", "if (event.livemode !== ingress.livemode) return", 'if (event.livemode === "") return'],
    [
      "another account's events move ours",
      "if (event.account !== undefined || event.context) return",
      'if (event.account === "") return',
    ],
    [
      "an event that the queue did not take is said to be taken",
      'await ingress.send("billing", request, { group, dedupe: String(event.id) });',
      'void ingress.send("billing", request, { group, dedupe: String(event.id) }).catch(() => {});',
    ],
    ["an event of any size is read", "if (raw.length > MOST_BYTES)", "if (raw.length > MOST_BYTES * 1000)"],
  ),
  ...within(
    "packages/domain/src/billing/standing/derive.ts",
    derive,
    ["the days of grace begin anew with every retry", "Math.min(...finals)", "Math.max(...finals)"],
    ["who has not paid the first bill may deploy", 'if (!best || best.status === "incomplete") return', "if (!best) return"],
    ["who disputes a payment goes on", "hold: held.length > 0,", "hold: held.length > 1,"],
    [
      "a change that waits to be paid makes a customer late",
      '!(subscription.pendingUpdate && id === subscription.latestInvoice && reason === "subscription_update")',
      "true",
    ],
    [
      "an old bill makes a later one late at once",
      'status === "paid" || status === "uncollectible");',
      'status === "refunded");',
    ],
    [
      "a status of tomorrow takes the plan away",
      'if (rank === "unknown") return { ...before,',
      'if (rank === "unknown") return { ...none,',
    ],
    [
      "of two subscriptions the worse one counts",
      "toSorted((a, b) => compare(catalogue, a, b))[0]",
      "toSorted((a, b) => compare(catalogue, b, a))[0]",
    ],
  ),
  ...within(
    "packages/domain/src/billing/standing/notices.ts",
    mail,
    ["a customer is told of an unpaid bill again and again", "steps.indexOf(step) > given ?", "steps.indexOf(step) >= given ?"],
    ["who is looked at late is told of what is past", 'left <= 0 ? "restricted" : left', 'left <= -1e12 ? "restricted" : left'],
    [
      "logs are kept shorter without a word",
      "new Date(now.getTime() + LOG_NOTICE_DAYS * 86_400_000)",
      "new Date(now.getTime())",
      "test/billing/retention.test.ts",
    ],
  ),
  ...within("packages/domain/src/mail/write.ts", mail, [
    "a token's name becomes part of a mail's page",
    '.replaceAll("<", "&lt;")',
    "",
  ]),
  ...within("packages/domain/src/mail/outbox.ts", mail, [
    "a mail comes twice",
    "if ((await get(world, at))?.mailedAt !== undefined) return;",
    'if ((await get(world, at))?.mailedAt === "") return;',
  ]),
  ...within(
    "packages/domain/src/import/secret.ts",
    ["test/domain/import.test.ts"],
    ["a password in an export is kept with us", "carries(value) || (compose && assigned(value))", "compose && assigned(value)"],
  ),
];
