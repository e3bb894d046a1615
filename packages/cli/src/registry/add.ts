import { body } from "@berth/api-client/client.ts";
import { type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { readSecret } from "../terminal/secret.ts";
import { checkHost } from "./host.ts";

interface Input {
  readonly host: string;
  readonly user: string;
}

export const examples: Verb<Input>["examples"] = [
  ["berth registry add ghcr.io --user mona < token.txt", "the password or token is read from standard input"],
  ["berth registry add docker.io --user mona", "asks for it without showing it"],
  [
    "aws ecr get-login-password | berth registry add ID.dkr.ecr.REGION.amazonaws.com --user AWS",
    "for the 12 hours that such a token lasts",
  ],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) => command.option("-u, --user <user>", "who logs in there");

export function parse([host = ""]: readonly string[], flags: Flags): Input {
  const user = textOf(flags, "user");
  if (user === undefined) throw usage("Say who logs in there, with --user.", "berth registry add REGISTRY --user USER");
  return { host: checkHost(host), user };
}

export async function run(session: Session, { host, user }: Input): Promise<Exit> {
  session.names.REGISTRY = host;
  const api = await session.api();
  const password = await readSecret(session, `Password or token of ${user} at ${host}`, [
    "The password or token is to come on standard input.",
    `berth registry add ${host} --user ${user} < FILE`,
  ]);
  const added = await body(api.v1.registries.$post({ json: { host, user, password } }));
  const { paint, errPaint } = session.terminal;
  show(session, added, () => [`${paint.green("✓")} Deploys of images from ${host} now have the login of ${user}`]);
  note(session, errPaint.dim("Next:"), `  ${errPaint.cyan(`berth registry check ${host}`)}`);
  return exits.done;
}
