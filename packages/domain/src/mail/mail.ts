import * as z from "zod";
import type { authMails } from "../auth/mails.ts";
import type { billingMails } from "../billing/mails.ts";
import type { closingMails } from "../closing/mails.ts";
import type { deployerMails } from "../deployer/mails.ts";
import type { tokenMails } from "../token/mails.ts";

type Template = keyof (typeof authMails & typeof billingMails & typeof closingMails & typeof deployerMails & typeof tokenMails);

export const Mail = z.object({
  /** A mail with an id is sent once, even if its message is delivered twice. */
  id: z.string().optional(),
  to: z.email(),
  template: z.custom<Template>((name) => typeof name === "string"),
  data: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Mail = z.infer<typeof Mail>;
