import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { failure } from "../job/outcome.ts";
import { settle } from "../job/watch.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { getTarget, looked } from "./confirm.ts";
import { checkedLines } from "./view.ts";

export interface Preparation {
  readonly docker: "install" | undefined;
  readonly passwords: "off" | "on" | undefined;
}

interface Input extends Preparation {
  readonly name: string;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target prepare web1 --install-docker", "Docker and Compose from the packages of Debian or Ubuntu"],
  ["berth target prepare web1 --disable-password-login", "shows the way back, and asks first"],
  ["berth target prepare web1 --enable-password-login", "the way back"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--install-docker", "install Docker and Compose from the server's distribution")
    .option("--disable-password-login", "let nobody log in with a password any more")
    .option("--enable-password-login", "take that back")
    .option("-y, --yes", "do not ask");

export function parse([name = ""]: readonly string[], flags: Flags): Input {
  const docker = isSet(flags, "installDocker") ? "install" : undefined;
  const [off, on] = [isSet(flags, "disablePasswordLogin"), isSet(flags, "enablePasswordLogin")];
  if (off && on) throw usage("Logins by password can be disabled or enabled, not both.");
  if (!docker && !off && !on)
    throw usage(
      "Say what is to be done there.",
      `berth target prepare ${name} --install-docker`,
      `berth target prepare ${name} --disable-password-login`,
    );
  return { name, docker, passwords: off ? "off" : on ? "on" : undefined, yes: isSet(flags, "yes") };
}

export async function run(session: Session, input: Input): Promise<Exit> {
  session.names.NAME = input.name;
  const api = await session.api();
  const target = await getTarget(api, input.name);
  if (input.passwords === "off") await showWayBack(session, target, input);
  return prepareAndCheck(session, api, target, input);
}

/** Shown before it is done: who has no key of their own there cannot log in afterwards. @throws Refused */
export async function showWayBack(session: Session, target: Target, { yes }: { readonly yes: boolean }): Promise<void> {
  const { cyan } = session.terminal.errPaint;
  note(
    session,
    `Nobody will be able to log in on ${target.name} with a password. Have a key of your own there first. The way back:`,
    `  ${cyan(`berth target prepare ${target.name} --enable-password-login`)}`,
    `or on the server's own console, as root: rm /etc/ssh/sshd_config.d/00-berth.conf; systemctl reload ssh`,
  );
  if (yes) return;
  await agree(session, {
    detail: `Logins by password on ${target.name} are turned off.`,
    next: `berth target prepare ${target.name} --disable-password-login --yes`,
    question: `Turn logins by password off on ${target.name}?`,
  });
}

/** One after the other; then the server is checked. */
export async function prepareAndCheck(session: Session, api: Client, { name }: Target, asked: Preparation): Promise<Exit> {
  const { terminal } = session;
  const param = { target: segment(name) };
  for (const { what, doing, done } of stepsOf(name, asked)) {
    const started = await body(api.v1.targets[":target"].prepare.$post({ param, json: { what } }, once()));
    const job = await settle(session, api, started, doing);
    if (job.status !== "succeeded") {
      show(session, job, () => failure(job, { paint: terminal.paint, width: terminal.width }));
      return job.status === "canceled" ? exits.canceled : exits.failed;
    }
    note(session, `${terminal.errPaint.green("✓")} ${done}`);
  }
  const check = await body(api.v1.targets[":target"].check.$post({ param }, once()));
  const checked = await looked(session, api, name, check, `checking ${name}`);
  show(session, checked, () => checkedLines(checked, terminal));
  return checked.status === "ready" ? exits.done : exits.failed;
}

function stepsOf(name: string, { docker, passwords }: Preparation) {
  const install = { what: "docker", doing: `installing Docker on ${name}`, done: `${name} has Docker and Compose` } as const;
  const off = { what: "passwords.off", doing: `preparing ${name}`, done: `${name} takes no passwords any more` } as const;
  const on = { what: "passwords.on", doing: `preparing ${name}`, done: `${name} takes passwords again` } as const;
  return [...(docker ? [install] : []), ...(passwords === "off" ? [off] : passwords === "on" ? [on] : [])];
}
