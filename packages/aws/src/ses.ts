import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { endpoint, need, type Vars } from "./env.ts";

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function createMailer(env: Vars): (letter: Letter) => Promise<void> {
  const ses = new SESv2Client(endpoint(env, "ses"));
  return async ({ to, subject, text, html }) => {
    await ses.send(
      new SendEmailCommand({
        FromEmailAddress: need(env, "MAIL_FROM"),
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text }, Html: { Data: html } } } },
      }),
    );
  };
}
