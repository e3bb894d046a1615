import { body } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import { checkName } from "../app/name.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { Refused, usage } from "../refusal.ts";
import { note, type Session } from "../session.ts";
import { type Address, parseAddress } from "./address.ts";
import { confirmKey, looked } from "./confirm.ts";
import { installCommand, installKey, publicKeyOf } from "./install.ts";
import { addManaged, type Managed, managedOf } from "./managed.ts";
import { checkedLines } from "./view.ts";

interface Input extends Address {
  readonly name: string;
  /** Reached by SSM, and so by none of what is below. */
  readonly managed: Managed | undefined;
  readonly install: boolean | undefined;
  readonly fingerprint: string | undefined;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target add web1 root@203.0.113.7", "asks to let the key in and to confirm the host key"],
  ["berth target add web1 deploy@host.example:2222 --install", "lets the key in with your own ssh"],
  ["berth target add web1 root@203.0.113.7 --install --fingerprint SHA256:...", "asks nothing, trusts only that key"],
  [
    "berth target add web2 --ssm i-0abc... --region eu-central-1 --role arn:aws:iam::...:role/berth",
    "a server of your AWS account, by SSM: it needs no open port",
  ],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--install", "let Berth's key in with your own ssh")
    .option("--no-install", "do not ask to; show how to do it")
    .option("--fingerprint <SHA256:...>", "the host key it must show; confirms it without asking")
    .option("-y, --yes", "trust whatever host key it shows first")
    .option("--ssm <i-...>", "reach it by SSM instead of SSH: the instance's id")
    .option("--region <region>", "with --ssm: where the instance is")
    .option("--role <arn:...>", "with --ssm: the role in your AWS account; its name begins with berth");

const print = /^SHA256:[A-Za-z0-9+/]{43}$/;

export function checkFingerprint(text: string | undefined): string | undefined {
  if (text !== undefined && !print.test(text)) throw usage(`"${text}" is no fingerprint: SHA256: and 43 characters.`);
  return text;
}

const nowhere = { user: "root", host: "", port: 22 };

export function parse([name = "", address]: readonly string[], flags: Flags): Input {
  const managed = managedOf(flags);
  if ((address === undefined) !== (managed !== undefined))
    throw usage(
      "Give the server's address, or --ssm.",
      `berth target add ${name} USER@HOST`,
      `berth target add ${name} --ssm i-...`,
    );
  return {
    name: checkName(name, "a server's name"),
    managed,
    ...(address === undefined ? nowhere : parseAddress(address)),
    install: typeof flags.install === "boolean" ? flags.install : undefined,
    fingerprint: checkFingerprint(textOf(flags, "fingerprint")),
    yes: isSet(flags, "yes"),
  };
}

export async function run(session: Session, input: Input): Promise<Exit> {
  const { name, user, host, port } = input;
  session.names.NAME = name;
  if (input.managed) return addManaged(session, name, input.managed);
  const api = await session.api();
  const { terminal } = session;
  const { target, job } = await body(api.v1.targets.$post({ json: { name, user, host, port } }, once()));
  note(
    session,
    `${terminal.errPaint.green("✓")} ${name} is registered. It is reached with a key made for it alone:`,
    `  ${publicKeyOf(target)}`,
  );
  const installed = await letIn(session, target, input);
  try {
    const shown = await looked(session, api, name, job, `asking ${name} for its host key`);
    const checked = await confirmKey(session, api, shown, input);
    return tell(session, checked ?? shown, { input, installed, confirmed: checked !== undefined });
  } catch (error) {
    // The server is registered all the same: what is to be done is on it, not on adding it again.
    // People have been shown the line already.
    if (!(error instanceof Refused) || installed || !session.json) throw error;
    throw new Refused({ ...error.problem, next: [installCommand(input, publicKeyOf(target)), ...(error.problem.next ?? [])] });
  }
}

/** Lets the key in, if it is wanted; otherwise says how. True when it was done. */
async function letIn(session: Session, target: Target, input: Input): Promise<boolean> {
  const { terminal } = session;
  const { confirm } = await import("../terminal/ask.ts");
  const wanted = input.install ?? (terminal.interactive && (await confirm("Add its key to the server now, with your own ssh?")));
  if (wanted) {
    await installKey(target.name, input, publicKeyOf(target));
    note(session, `${terminal.errPaint.green("✓")} The key is in`);
    return true;
  }
  note(
    session,
    "Add its key there with this command:",
    `  ${terminal.errPaint.cyan(installCommand(input, publicKeyOf(target)))}`,
  );
  if (terminal.interactive && !(await confirm("Is it in?"))) return false;
  return terminal.interactive;
}

interface Told {
  readonly input: Input;
  readonly installed: boolean;
  readonly confirmed: boolean;
}

function tell(session: Session, target: Target, { input, installed, confirmed }: Told): Exit {
  const { terminal, json } = session;
  const install = installCommand(input, publicKeyOf(target));
  const next =
    target.status === "ready"
      ? [`berth deploy --target ${target.name}`]
      : [
          ...(installed ? [] : [install]),
          confirmed
            ? `berth target check ${target.name}`
            : `berth target trust ${target.name} --fingerprint ${target.shownKey?.fingerprint ?? "SHA256:..."}`,
        ];
  const exit = target.status === "ready" || !confirmed ? exits.done : exits.failed;
  if (json) terminal.out(JSON.stringify({ target, install, next, exit }));
  else if (confirmed) terminal.out(...checkedLines(target, terminal));
  else terminal.out(`${terminal.paint.yellow("!")} ${target.name} is registered, and its host key waits to be confirmed`);
  if (!json)
    note(
      session,
      terminal.errPaint.dim("Next:"),
      ...next.filter((line) => line !== install).map((line) => `  ${terminal.errPaint.cyan(line)}`),
    );
  return exit;
}
