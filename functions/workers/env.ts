import type { CommonEnv } from "@berth/aws/env.ts";

export type WorkerEnv = CommonEnv;

export interface MailEnv extends CommonEnv {
  readonly MAIL_FROM: string;
}
