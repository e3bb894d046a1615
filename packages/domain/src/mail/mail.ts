import * as z from "zod";
import type { World } from "../context.ts";

export const Mail = z.object({
  /** A message that is delivered twice sends a mail with an id once. */
  id: z.string().optional(),
  to: z.email(),
  template: z.enum([
    "code",
    "proof",
    "signed-in",
    "token-created",
    "device-approved",
    "welcome",
    "grace",
    "grace-confirm",
    "grace-ending",
    "restricted",
    "recovered",
    "paused",
    "resumed",
    "upgraded",
    "downgrade-planned",
    "downgrade-dropped",
    "downgraded",
    "canceled",
    "ended",
    "logs-shorter",
    "closed",
  ]),
  data: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Mail = z.infer<typeof Mail>;

type Berth = Pick<World, "origin" | "support">;

interface Written {
  readonly subject: string;
  /** Paragraphs; the links follow them. */
  readonly lines: readonly string[];
  readonly links?: readonly Link[];
}

interface Link {
  readonly text: string;
  readonly path: string;
}

const receipt: Link = { text: "Receipt and billing", path: "/billing" };

const templates: Record<Mail["template"], (data: Mail["data"], berth: Berth) => Written> = {
  code: ({ code, minutes }) => ({
    subject: `${code} is your Berth sign-in code`,
    lines: [`Your sign-in code is ${code}.`, `It works for ${minutes} minutes. If you did not ask for it, ignore this mail.`],
  }),
  proof: ({ code, minutes }) => ({
    subject: `${code} is your Berth code`,
    lines: [
      `Somebody with access to your account wants to do something that needs a proof that it is you, such as making a token or closing the account. The code for it is ${code}.`,
      `It works for ${minutes} minutes. If that was not you, give it to nobody, end your sessions and revoke your tokens.`,
    ],
    links: [
      { text: "Sessions", path: "/account" },
      { text: "Tokens", path: "/tokens" },
    ],
  }),
  "signed-in": ({ at, ip, client }) => ({
    subject: "New sign-in to Berth",
    lines: [
      `Somebody signed in to Berth as you from a browser that had not been used for it before: ${client}, address ${ip}, on ${at}.`,
      "If that was you, there is nothing to do. If not, end the session and revoke tokens you do not know; then ask your mail provider who can read your mail.",
    ],
    links: [
      { text: "Sessions", path: "/account" },
      { text: "Tokens", path: "/tokens" },
    ],
  }),
  "token-created": ({ name, scopes, until, by, at }) => ({
    subject: `New API token: ${name}`,
    lines: [
      `The token "${name}" was created on ${at} by ${by}. Its scopes are ${scopes}; it expires on ${until}.`,
      "If nobody of yours did that, revoke the token now, end your sessions and sign in again.",
    ],
    links: [
      { text: "Tokens", path: "/tokens" },
      { text: "Sessions", path: "/account" },
    ],
  }),
  "device-approved": ({ name, scopes, until, ip, at }) => ({
    subject: `A command line was logged in: ${name}`,
    lines: [
      `You confirmed the login of "${name}" from the address ${ip} on ${at}. Its token has the scopes ${scopes} and expires on ${until}.`,
      "If that was not you, revoke the token now, end your sessions and sign in again.",
    ],
    links: [
      { text: "Tokens", path: "/tokens" },
      { text: "Sessions", path: "/account" },
    ],
  }),
  welcome: ({ plan }) => ({
    subject: `Your ${plan} plan is active`,
    lines: [`Thank you. Your ${plan} plan is active now.`, "Next: add a server and deploy your first app."],
    links: [{ text: "Open Berth", path: "/" }, receipt],
  }),
  grace: ({ until }) => ({
    subject: `A payment failed; please fix it by ${until}`,
    lines: [
      "Your last payment did not go through.",
      `Your apps keep running, and you can still read logs and roll back until ${until}. Deploys and other changes are paused until the bill is paid.`,
    ],
    links: [{ text: "Fix the payment", path: "/billing" }],
  }),
  "grace-confirm": ({ until }) => ({
    subject: `Your bank asks you to confirm a payment by ${until}`,
    lines: [
      "Your bank asks you to confirm your last payment. Open the unpaid invoice and follow your bank's instructions.",
      `Your apps keep running, and you can still read logs and roll back until ${until}. Deploys and other changes are paused until the payment is confirmed.`,
    ],
    links: [{ text: "Confirm the payment", path: "/billing" }],
  }),
  "grace-ending": ({ until, left }) => ({
    subject: `${left} to fix your payment (${until})`,
    lines: [`The open bill is still unpaid. From ${until} rollbacks are off too. Your apps keep running.`],
    links: [{ text: "Fix the payment", path: "/billing" }],
  }),
  restricted: () => ({
    subject: "Changes are off until the bill is paid",
    lines: [
      "The bill was not paid in time. Your apps keep running, and status and logs stay readable; every change is off.",
      "Everything works again the moment it is paid.",
    ],
    links: [{ text: "Pay the bill", path: "/billing" }],
  }),
  recovered: () => ({
    subject: "Paid: everything works again",
    lines: ["Thank you, the bill is paid. Everything works again."],
    links: [receipt],
  }),
  paused: (_, { support }) => ({
    subject: "Your subscription is paused",
    lines: [
      "Your subscription is paused, so changes are off. Your apps keep running, and status and logs stay readable.",
      `If you did not ask for that, write to ${support}. Everything works again the moment it is resumed.`,
    ],
    links: [{ text: "Billing", path: "/billing" }],
  }),
  resumed: () => ({
    subject: "Everything works again",
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
    subject: "Your plan has ended",
    lines: [
      "Your plan has ended, so changes are off. Your apps keep running on your servers, and status and logs stay readable.",
      "Choose a plan and everything works again at once.",
    ],
    links: [{ text: "Choose a plan", path: "/plans" }],
  }),
  "logs-shorter": ({ days, before, at }) => ({
    subject: `Logs are kept ${days} days from ${at}`,
    lines: [
      `Your plan keeps the logs of deploys for ${days} days instead of ${before}. Until ${at} nothing changes.`,
      `What is logged from ${at} on is kept for ${days} days; what was logged before stays as long as it was promised.`,
    ],
    links: [{ text: "Plans", path: "/plans" }],
  }),
  closed: ({ apps }) => ({
    subject: "Your Berth account is closed",
    lines: [
      "Your subscription was ended, and everything we kept about you and your apps is erased. Invoices stay with our payment service, as the law asks.",
      Number(apps) > 0
        ? "Your apps run on as they are. Berth's key is still on your servers: take it out of authorized_keys."
        : "Berth's key may still be on your servers: take it out of authorized_keys.",
      "You are welcome to come back: the same address makes a new account.",
    ],
  }),
};

const escapeHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export function writeMail(berth: Berth, mail: Mail): { subject: string; text: string; html: string } {
  const { subject, lines, links = [] } = templates[mail.template](mail.data, berth);
  const led = links.map(({ text, path }) => ({ text, url: `${berth.origin}${path}` }));
  const last = led.length > 0 ? [led.map(({ text, url }) => `${text}: ${url}`).join("\n")] : [];
  const text = [...lines, ...last, "Berth"].join("\n\n");
  const body = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("");
  const buttons = led.map(({ text, url }) => `<p><a href="${escapeHtml(url)}">${escapeHtml(text)}</a></p>`).join("");
  return {
    subject,
    text,
    html: `<!doctype html><body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:2em auto">${body}${buttons}<p>Berth</p></body>`,
  };
}
