import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { Mail, writeMail } from "@berth/domain/mail/mail.ts";
import { handOver } from "@berth/domain/mail/outbox.ts";
import { need } from "../variable.ts";
import { drain } from "../worker.ts";
import { createWorld } from "../world.ts";

const world = createWorld(process.env);
const local = process.env.STAGE === "local" ? process.env.LOCAL_ENDPOINT : undefined;
const ses = new SESv2Client(
  local ? { endpoint: `${local}/ses`, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {},
);

/** The mail queue: a template and its data become one mail, however often the message comes. */
export const handler = drain(world, Mail, (mail) => handOver(world, mail, () => deliver(mail)));

async function deliver(mail: Mail): Promise<void> {
  const { subject, text, html } = writeMail(world, mail);
  await ses.send(
    new SendEmailCommand({
      FromEmailAddress: need(process.env, "MAIL_FROM"),
      Destination: { ToAddresses: [mail.to] },
      Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text }, Html: { Data: html } } } },
    }),
  );
}
