import { segment } from "@berth/api-client/client.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
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
  if (!yes)
    await agree(session, {
      detail: `Removing the login for ${host} cannot be undone.`,
      next: `berth registry remove ${host} --yes`,
      question: `Remove the login for ${host}? Deploys that pull from there will fail.`,
    });
  await api.v1.registries[":host"].$delete({ param: { host: segment(host) } });
  show(session, { host, removed: true }, () => [`${session.terminal.paint.green("✓")} The login for ${host} is removed`]);
  return exits.done;
}
