import type { Templates } from "../mail/template.ts";

export const closingMails = {
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
} satisfies Templates;
