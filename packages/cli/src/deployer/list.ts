import { body } from "@berth/api-client/client.ts";
import type { Deployer } from "@berth/api-client/types.ts";
import { jobWords } from "@berth/domain/deployer/job-words.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";

interface Input {
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [["berth deployer list", "which jobs may deploy, and when one last did"]];

export const options: NonNullable<Verb<Input>["options"]> = pagingOptions;

export const parse = (_: readonly string[], flags: Flags): Input => ({ paging: parsePaging(flags) });

export const deployerTable = (
  deployers: readonly Deployer[],
  { width, paint, now }: { width: number; paint: Paint; now: Date },
): string[] =>
  table<Deployer>(
    [
      { title: "DEPLOYER", cell: ({ id }) => id },
      { title: "APP", cell: ({ app }) => app, least: 8, paint: (on, text) => on.bold(text) },
      { title: "REPOSITORY", cell: ({ repository }) => repository, keep: 4, least: 12 },
      { title: "JOBS", cell: jobWords, keep: 3, least: 15 },
      { title: "USED", cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt, now) : "never"), keep: 2 },
    ],
    deployers,
    { width, paint },
  );

export async function run(session: Session, { paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) => body(api.v1.deployers.$get({ query })));
  show(session, page, () =>
    page.items.length === 0
      ? ["No deployers. `berth deployer add github --repository OWNER/NAME --ref refs/heads/main` adds one."]
      : [...deployerTable(page.items, { ...session.terminal, now: session.now() }), ...more(page.next, "berth deployer list")],
  );
  return exits.done;
}
