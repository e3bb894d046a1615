import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import { checkName } from "../app/name.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { failure } from "../job/outcome.ts";
import { settle } from "../job/watch.ts";
import { Refused, refuse } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { readSecret } from "../terminal/secret.ts";
import { checkFingerprint } from "./add.ts";
import { type Address, parseAddress } from "./address.ts";
import { assertBySsh, type Confirming, confirmKey, getTarget, looked } from "./confirm.ts";
import { type Preparation, prepareAndCheck, showWayBack } from "./prepare.ts";

interface Input extends Confirming, Preparation {
  readonly name: string;
  readonly address: Address | undefined;
}

export const examples: Verb<Input>["examples"] = [
  [
    "berth target bootstrap web1 root@203.0.113.7",
    "adds the server, shows its host key, then asks for the password without showing it",
  ],
  ["berth target bootstrap web1", "for one that was added before"],
  ["berth target bootstrap web1 root@203.0.113.7 --install-docker", "then installs Docker and Compose from the distribution"],
  [
    "berth target bootstrap web1 root@203.0.113.7 --fingerprint SHA256:... < password.txt",
    "asks nothing: the password comes on standard input",
  ],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--fingerprint <SHA256:...>", "the host key it must show; confirms it without asking")
    .option("--install-docker", "install Docker and Compose from the server's distribution too")
    .option("--disable-password-login", "let nobody log in with a password afterwards")
    .option("-y, --yes", "trust whatever host key it shows first, and do not ask");

export const parse = ([name = "", address]: readonly string[], flags: Flags): Input => ({
  name: checkName(name, "a server's name"),
  address: address === undefined ? undefined : parseAddress(address),
  docker: isSet(flags, "installDocker") ? "install" : undefined,
  passwords: isSet(flags, "disablePasswordLogin") ? "off" : undefined,
  fingerprint: checkFingerprint(textOf(flags, "fingerprint")),
  yes: isSet(flags, "yes"),
});

export async function run(session: Session, input: Input): Promise<Exit> {
  const { name } = input;
  session.names.NAME = name;
  const api = await session.api();
  const target = await confirmed(session, api, input);
  if (input.passwords === "off") await showWayBack(session, target, input);
  const password = await readSecret(session, `Password of ${target.user} on ${name}`, [
    "The password is to come on standard input.",
    `berth target bootstrap ${name} < FILE`,
  ]);
  const param = { target: segment(name) };
  const started = await body(api.v1.targets[":target"].bootstrap.$post({ param, json: { password } }));
  const job = await settle(session, api, started, `letting Berth's key in on ${name}`);
  const { terminal } = session;
  if (job.status !== "succeeded") {
    show(session, job, () => failure(job, { paint: terminal.paint, width: terminal.width }));
    return job.status === "canceled" ? exits.canceled : exits.failed;
  }
  note(session, `${terminal.errPaint.green("✓")} ${name} takes Berth's key; the password is forgotten`);
  return prepareAndCheck(session, api, target, input);
}

/** The server as it is registered, and with a host key that somebody confirmed: no password goes to another. */
async function confirmed(session: Session, api: Client, input: Input): Promise<Target> {
  const { name, address } = input;
  const target = address ? await added(session, api, name, address) : await getTarget(api, name);
  assertBySsh(target);
  const isConfirmed = target.status !== "untrusted" && target.status !== "changed";
  const checked = isConfirmed ? target : await confirmKey(session, api, target, input);
  if (checked) return checked;
  const { fingerprint = "SHA256:..." } = target.shownKey ?? target.hostKey ?? {};
  throw session.terminal.interactive
    ? refuse("cli.canceled", { detail: `${name}'s host key was not confirmed, so the password was not asked for.` })
    : refuse("cli.confirm", {
        detail: `${name} shows ${fingerprint}.`,
        hint: "Compare it with the server's own and name it.",
        next: [`berth target bootstrap ${name} --fingerprint ${fingerprint} < FILE`],
      });
}

async function added(session: Session, api: Client, name: string, { user, host, port }: Address): Promise<Target> {
  const { job } = await body(api.v1.targets.$post({ json: { name, user, host, port } }, once())).catch((error: unknown) => {
    throw error instanceof Refused && error.problem.code === "target.exists"
      ? new Refused({ ...error.problem, next: [`berth target bootstrap ${name}`, `berth target show ${name}`] })
      : error;
  });
  return looked(session, api, name, job, `asking ${name} for its host key`);
}
