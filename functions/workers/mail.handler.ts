import { createMailer } from "@berth/aws/ses.ts";
import { drain } from "@berth/aws/sqs-handler.ts";
import { createWorld } from "@berth/aws/world.ts";
import { Mail } from "@berth/domain/mail/mail.ts";
import { handOver } from "@berth/domain/mail/outbox.ts";
import { writeMail } from "@berth/domain/mail/write.ts";

const world = createWorld(process.env);
const send = createMailer(process.env);

export const handler = drain(world, Mail, (mail) =>
  handOver(world, mail, () => send({ to: mail.to, ...writeMail(world, mail) })),
);
