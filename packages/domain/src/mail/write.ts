import { authMails } from "../auth/mails.ts";
import { billingMails } from "../billing/mails.ts";
import { closingMails } from "../closing/mails.ts";
import { deployerMails } from "../deployer/mails.ts";
import { tokenMails } from "../token/mails.ts";
import type { Mail } from "./mail.ts";
import type { Berth, Templates } from "./template.ts";

export const templates: Readonly<Record<Mail["template"], Templates[string]>> = {
  ...authMails,
  ...tokenMails,
  ...deployerMails,
  ...billingMails,
  ...closingMails,
};

const escapeHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export function writeMail(berth: Berth, mail: Mail): { subject: string; text: string; html: string } {
  // One from the queue of another version may have a name that is not known here.
  if (!Object.hasOwn(templates, mail.template)) throw new Error(`there is no mail "${mail.template}"`);
  const template = templates[mail.template];
  const { subject, lines, links = [] } = template(mail.data, berth);
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
