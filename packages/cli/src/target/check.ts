import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { settle } from "../job/watch.ts";
import { fillIn, Refused, usage } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { plural } from "../terminal/text.ts";
import { getTarget } from "./confirm.ts";
import { checkedLines, checkTable } from "./view.ts";

interface Input {
  readonly name: string | undefined;
}

export const examples: Verb<Input>["examples"] = [
  ["berth target check web1", "host key, Docker, Compose, processor, disk"],
  ["berth target check --all", "every server, with what puts each right; exit code 1 if one is not ready"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) => command.option("--all", "every server");

export function parse([name]: readonly string[], flags: Flags): Input {
  const all = isSet(flags, "all");
  if (all === (name !== undefined))
    throw usage("Name one server, or say --all.", "berth target check NAME", "berth target check --all");
  return { name };
}

export async function run(session: Session, { name }: Input): Promise<Exit> {
  const api = await session.api();
  const names = name === undefined ? (await body(api.v1.targets.$get())).items.map((target) => target.name) : [name];
  const targets = await check(session, api, names);
  const exit = targets.every(({ status }) => status === "ready") ? exits.done : exits.failed;
  const { terminal } = session;
  const [only] = targets;
  if (name !== undefined) show(session, only, () => (only ? checkedLines(only, terminal) : []));
  else
    show(session, { items: targets }, () =>
      targets.length === 0 ? ["No servers yet. `berth target add NAME USER@HOST` adds one."] : checkTable(targets, terminal),
    );
  return exit;
}

/** Looks at every one of them at the same time. */
async function check(session: Session, api: Client, names: readonly string[]): Promise<Target[]> {
  const each = <T>(ask: (name: string) => Promise<T>) =>
    Promise.all(
      names.map((name) =>
        ask(name).catch((error: unknown): never => {
          throw error instanceof Refused ? new Refused(fillIn(error.problem, { NAME: name }), error.cause, error.after) : error;
        }),
      ),
    );
  const jobs = await each((name) => body(api.v1.targets[":target"].check.$post({ param: { target: segment(name) } }, once())));
  const doing = `checking ${names.length === 1 ? names[0] : plural(names.length, "server")}`;
  for (const job of jobs) await settle(session, api, job, doing);
  return each((name) => getTarget(api, name));
}
