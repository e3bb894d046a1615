import type { CommonEnv } from "@berth/aws/env.ts";

export type WorkerEnv = CommonEnv;

/** The mail worker's: who the mails are from. `local` as the address of the mail service keeps them in the local inbox. */
export interface MailEnv extends CommonEnv {
  readonly MAIL_FROM: string;
}
