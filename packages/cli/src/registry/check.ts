import { body, segment } from "@berth/api-client/client.ts";
import { once } from "../api/once.ts";
import { collect, type Flags, listOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { failure, namesOf } from "../job/outcome.ts";
import { settle } from "../job/watch.ts";
import { type Session, show } from "../session.ts";
import { namedTargets } from "../target/labelled.ts";
import { checkHost } from "./host.ts";

interface Input {
  readonly host: string;
  readonly targets: readonly string[];
}

export const examples: Verb<Input>["examples"] = [
  ["berth registry check ghcr.io", "from every server, since they pull the images"],
  ["berth registry check registry.internal:5000 --target web1", "from the one that reaches it"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("-t, --target <name>", "ask from this server; may be given more than once", collect);

export const parse = ([host = ""]: readonly string[], flags: Flags): Input => ({
  host: checkHost(host),
  targets: listOf(flags, "target"),
});

export async function run(session: Session, { host, targets }: Input): Promise<Exit> {
  session.names.REGISTRY = host;
  const api = await session.api();
  const asked = {
    param: { host: segment(host) },
    json: targets.length > 0 ? { targets: await namedTargets(session, targets) } : {},
  };
  const started = await body(api.v1.registries[":host"].check.$post(asked, once()));
  const job = await settle(session, api, started, `asking ${host}`);
  const { terminal } = session;
  show(session, job, () =>
    job.status === "succeeded"
      ? [`${terminal.paint.green("✓")} ${host} takes the login, asked from ${namesOf(job)}`]
      : failure(job, { paint: terminal.paint, width: terminal.width }),
  );
  return job.status === "succeeded" ? exits.done : job.status === "canceled" ? exits.canceled : exits.failed;
}
