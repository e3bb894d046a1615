import { body } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { instanceId, regionName, roleArn, roleCommands } from "@berth/domain/remote/ssm/role.ts";
import { once } from "../api/once.ts";
import { type Flags, textOf } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { refuse, usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { looked } from "./confirm.ts";
import { checkedLines } from "./view.ts";

/** A server that SSM manages, and the role that may send it commands. */
export interface Managed {
  readonly instance: string;
  readonly region: string;
  readonly role: string;
}

/** Undefined without --ssm. @throws Refused */
export function managedOf(flags: Flags): Managed | undefined {
  const [instance, region, role] = ["ssm", "region", "role"].map((name) => textOf(flags, name));
  if (instance === undefined) {
    if (region !== undefined || role !== undefined) throw usage("--region and --role go with --ssm.");
    return undefined;
  }
  if (region === undefined || role === undefined) throw usage("--ssm needs --region and --role.");
  if (!instanceId.test(instance)) throw usage(`"${instance}" is not an instance's id like i-0abc1234def567890.`);
  if (!regionName.test(region)) throw usage(`"${region}" is not an AWS Region like eu-central-1.`);
  if (!roleArn.test(role))
    throw usage(`"${role}" is not a role like arn:aws:iam::111122223333:role/berth: its name begins with berth.`);
  return { instance, region, role };
}

/** Adds the server and looks at it; says how the role is made where that lets nobody in yet. */
export async function addManaged(session: Session, name: string, managed: Managed): Promise<Exit> {
  const api = await session.api();
  const { terminal } = session;
  const { job } = await body(api.v1.targets.$post({ json: { name, ssm: managed } }, once()));
  note(session, `${terminal.errPaint.green("✓")} ${name} is registered. It is reached by SSM, with a role of your AWS account`);
  const target = await looked(session, api, name, job, `checking ${name}`);
  show(session, { target, role: roleLines(target) }, () => [...checkedLines(target, terminal), ...roleHelp(target, terminal)]);
  return target.status === "ready" ? exits.done : exits.failed;
}

/** The commands that make the role. What a shell would read of them is checked, whoever answered it. @throws Refused */
export function roleLines({ host, ssm }: Target): string[] {
  if (!ssm) return [];
  const { region, role, account, externalId } = ssm;
  const sound = instanceId.test(host) && regionName.test(region) && roleArn.test(role) && /^\d{12}$/.test(account);
  if (!sound || !/^[\w-]+$/.test(externalId)) throw refuse("cli.unexpected", { detail: "The service gave a role that is none." });
  return roleCommands(host, ssm);
}

/** What is to be done in the AWS account of a server that is not let in to. */
export const roleHelp = (target: Target, { paint }: Pick<Terminal, "paint">): string[] =>
  target.ssm && ["role.denied", "role.open"].includes(target.problem?.class ?? "")
    ? [
        "",
        "Make the role in your AWS account with these commands, then check the server again:",
        ...roleLines(target).map((line) => `  ${paint.cyan(line)}`),
      ]
    : [];
