import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Job, Target } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import { withProof } from "../auth/prove.ts";
import { settle } from "../job/watch.ts";
import { Refused, refuse } from "../refusal.ts";
import { note, type Session } from "../session.ts";
import { clean } from "../terminal/text.ts";
import { addressOf } from "./address.ts";
import { knownAs } from "./known.ts";

export const getTarget = (api: Client, name: string): Promise<Target> =>
  body(api.v1.targets[":target"].$get({ param: { target: segment(name) } }));

/** Waits for a look at a server and answers the server as it then is. */
export async function looked(session: Session, api: Client, name: string, job: Job, doing: string): Promise<Target> {
  await settle(session, api, job, doing);
  return getTarget(api, name);
}

/** Others have neither host key nor password. @throws Refused */
export function assertBySsh({ name, ssm }: Target): void {
  if (ssm) throw refuse("target.not_by_ssh", { next: [`berth target check ${name}`] });
}

export interface Confirming {
  /** What the person says the key is; another one is refused. */
  readonly fingerprint: string | undefined;
  /** Trust what was shown. */
  readonly yes: boolean;
}

/**
 * Confirms the host key a server showed: by the fingerprint that was given, by asking whoever is there, or by --yes. Answers the server
 * after its check, or undefined when nobody confirmed it.
 */
export async function confirmKey(
  session: Session,
  api: Client,
  target: Target,
  confirming: Confirming,
): Promise<Target | undefined> {
  assertBySsh(target);
  const shown = target.shownKey ?? target.hostKey;
  if (!shown) {
    const { problem } = target;
    throw new Refused({
      code: problem?.class ?? "target.untrusted",
      title: `${target.name} has not shown its host key`,
      ...(problem && { detail: problem.message }),
      ...(problem?.remedy && { hint: problem.remedy }),
      next: [`berth target check ${target.name}`],
    });
  }
  const { terminal } = session;
  const { bold } = terminal.errPaint;
  note(session, `${target.name} shows this host key: ${bold(clean(shown.fingerprint))} (${clean(shown.type)})`);
  if (confirming.fingerprint !== undefined) {
    if (confirming.fingerprint !== shown.fingerprint)
      throw refuse("target.key_mismatch", {
        detail: `${target.name} showed ${clean(shown.fingerprint)}, not ${clean(confirming.fingerprint)}.`,
        next: [`berth target show ${target.name}`],
      });
  } else if (confirming.yes) note(session, "  Trusted as it was shown, because of --yes.");
  else if (!terminal.interactive) return undefined;
  else if (!(await ask(session, target, shown))) return undefined;
  const asked = { param: { target: segment(target.name) }, json: { fingerprint: shown.fingerprint } };
  const { job } = await withProof(session, api, () => body(api.v1.targets[":target"].trust.$post(asked, once())));
  return looked(session, api, target.name, job, `checking ${target.name}`);
}

async function ask(session: Session, target: Target, shown: { type: string; key: string }): Promise<boolean> {
  const known = await knownAs(addressOf(target), shown);
  const { green, red, dim } = session.terminal.errPaint;
  if (known === true) note(session, `  ${green("It is the key your own ssh knows this server by.")}`);
  else if (known === false)
    note(session, `  ${red("Your own ssh knows this server by another key. Find out why before you confirm.")}`);
  else note(session, dim(`  Compare it on the server: for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`));
  const { confirm } = await import("../terminal/ask.ts");
  return confirm("Is that the server's key?", known === true);
}
