import { offWords, worksAgain } from "../entitlement/words.ts";
import type { Link, Templates } from "../mail/template.ts";

const { grace, unpaid, ended, paused } = offWords;

const receipt: Link = { text: "Receipt and billing", path: "/billing" };

export const billingMails = {
  welcome: ({ plan }) => ({
    subject: `Your ${plan} plan is active`,
    lines: [`Thank you. Your ${plan} plan is active now.`, "Next: add a server and deploy your first app."],
    links: [{ text: "Open Berth", path: "/" }, receipt],
  }),
  grace: ({ until }) => ({
    subject: `${grace.what}; please fix it by ${until}`,
    lines: ["Your last payment did not go through.", `${grace.keeps} until ${until}; ${grace.off} until ${grace.until}.`],
    links: [{ text: grace.fix, path: "/billing" }],
  }),
  "grace-confirm": ({ until }) => ({
    subject: `Your bank asks you to confirm a payment by ${until}`,
    lines: [
      "Your bank asks you to confirm your last payment. Open the unpaid invoice and follow your bank's instructions.",
      `${grace.keeps} until ${until}; ${grace.off} until the payment is confirmed.`,
    ],
    links: [{ text: "Confirm the payment", path: "/billing" }],
  }),
  "grace-ending": ({ until, left }) => ({
    subject: `${left} to fix your payment (${until})`,
    lines: [`The open bill is still unpaid. From ${until} rollbacks are off too. Your apps keep running.`],
    links: [{ text: grace.fix, path: "/billing" }],
  }),
  restricted: () => ({
    subject: "Changes are off until the bill is paid",
    lines: [`The bill was not paid in time. ${unpaid.keeps}; ${unpaid.off}.`, `${worksAgain} as soon as ${unpaid.until}.`],
    links: [{ text: unpaid.fix, path: "/billing" }],
  }),
  recovered: () => ({
    subject: "Paid: everything works again",
    lines: [`Thank you, the bill is paid. ${worksAgain}.`],
    links: [receipt],
  }),
  paused: (_, { support }) => ({
    subject: paused.what,
    lines: [
      `${paused.what}, so ${paused.off}. ${paused.keeps}.`,
      `If you did not ask for that, write to ${support}. ${worksAgain} as soon as ${paused.until}.`,
    ],
    links: [{ text: "Billing", path: "/billing" }],
  }),
  resumed: () => ({
    subject: worksAgain,
    lines: ["Your plan is active again, and everything works."],
    links: [{ text: "Billing", path: "/billing" }],
  }),
  upgraded: ({ plan, slots, targets }) => ({
    subject: `You are on the ${plan} plan now`,
    lines: [
      `The ${plan} plan is active: ${slots} app slots and ${targets} targets.`,
      "You were charged for the rest of this period only; the receipt is with your invoices.",
    ],
    links: [receipt],
  }),
  "downgrade-planned": ({ plan, at }) => ({
    subject: `Your plan changes to ${plan} on ${at}`,
    lines: [
      `Until ${at} everything stays as it is; then the ${plan} plan begins at its lower price.`,
      "Nothing that runs is stopped. You can take the change back until then.",
    ],
    links: [{ text: "See or take back the change", path: "/billing" }],
  }),
  "downgrade-dropped": ({ plan, smaller }) => ({
    subject: `You stay on the ${plan} plan`,
    lines: [
      `The planned change to the ${smaller} plan is taken back: the ${plan} plan renews at its price. You can plan it again at any time.`,
    ],
    links: [{ text: "Plans", path: "/plans" }],
  }),
  downgraded: ({ plan, slots, targets }) => ({
    subject: `You are on the ${plan} plan now`,
    lines: [
      `The ${plan} plan is active: ${slots} app slots and ${targets} targets.`,
      "If you use more than that, everything you have keeps running; only new apps and targets have to wait.",
    ],
    links: [{ text: "Billing", path: "/billing" }],
  }),
  canceled: ({ at }) => ({
    subject: `Your plan ends on ${at}`,
    lines: [
      `Your plan is canceled and ends on ${at}. Until then everything works.`,
      "You can take that back in the billing portal. Your servers and apps are yours and keep running either way.",
    ],
    links: [{ text: "Billing", path: "/billing" }],
  }),
  ended: () => ({
    subject: ended.what,
    lines: [`${ended.what}, so ${ended.off}. ${ended.keeps}.`, `${worksAgain} as soon as ${ended.until}.`],
    links: [{ text: ended.fix, path: "/plans" }],
  }),
  "logs-shorter": ({ days, before, at }) => ({
    subject: `Logs are kept ${days} days from ${at}`,
    lines: [
      `Your plan keeps the logs of deploys for ${days} days instead of ${before}. Until ${at} nothing changes.`,
      `What is logged from ${at} on is kept for ${days} days; what was logged before stays as long as it was promised.`,
    ],
    links: [{ text: "Plans", path: "/plans" }],
  }),
} satisfies Templates;
