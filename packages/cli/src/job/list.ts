import { body } from "@berth/api-client/client.ts";
import { type JobKind, jobKinds } from "@berth/domain/job/words.ts";
import { choiceOf, type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import { jobTable } from "./view.ts";

interface Input {
  readonly app: string | undefined;
  readonly kind: JobKind | undefined;
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [
  ["berth jobs list", "the last twenty"],
  ["berth jobs list --app shop --kind deployment", "one app's deployments"],
  ["berth jobs list --all --json", "everything, for a program"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  pagingOptions(command.option("--app <name>", "only this app's").option("--kind <kind>", `only ${jobKinds.join(", ")}`));

export const parse = (_: readonly string[], flags: Flags): Input => ({
  app: textOf(flags, "app"),
  kind: choiceOf(flags, "kind", jobKinds),
  paging: parsePaging(flags),
});

export async function run(session: Session, { app, kind, paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) =>
    body(api.v1.jobs.$get({ query: { ...query, ...(app !== undefined && { app }), ...(kind !== undefined && { kind }) } })),
  );
  show(session, page, () => {
    if (page.items.length === 0) return ["No jobs yet. `berth deploy` makes one."];
    return [...jobTable(page.items, { ...session.terminal, now: session.now() }), ...more(page.next, "berth jobs list")];
  });
  return exits.done;
}
