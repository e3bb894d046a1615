import type { Templates } from "../mail/template.ts";

export const authMails = {
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
} satisfies Templates;
