import { segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { refuse } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { checkHost } from "./host.ts";

interface Input {
  readonly host: string;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth registry remove ghcr.io", "asks first; what runs goes on"],
  ["berth registry remove ghcr.io --yes", "does not ask"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) => command.option("-y, --yes", "do not ask");

export const parse = ([host = ""]: readonly string[], flags: Flags): Input => ({
  host: checkHost(host),
  yes: isSet(flags, "yes"),
});

export async function run(session: Session, { host, yes }: Input): Promise<Exit> {
  session.names.REGISTRY = host;
  const api = await session.api();
  if (!yes) {
    if (!session.terminal.interactive)
      throw refuse("cli.confirm", {
        detail: `Removing the login for ${host} cannot be undone.`,
        next: [`berth registry remove ${host} --yes`],
      });
    const { confirm } = await import("../terminal/ask.ts");
    if (!(await confirm(`Remove the login for ${host}? Deploys that pull from there will fail.`, false)))
      throw refuse("cli.canceled");
  }
  await api.v1.registries[":host"].$delete({ param: { host: segment(host) } });
  show(session, { host, removed: true }, () => [`${session.terminal.paint.green("✓")} The login for ${host} is removed`]);
  return exits.done;
}
