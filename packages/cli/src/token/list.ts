import { body } from "@berth/api-client/client.ts";
import type { Token } from "@berth/api-client/types.ts";
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

export const examples: Verb<Input>["examples"] = [["berth token list", "those that are good, and when each was last used"]];

export const options: NonNullable<Verb<Input>["options"]> = pagingOptions;

export const parse = (_: readonly string[], flags: Flags): Input => ({ paging: parsePaging(flags) });

export const tokenTable = (
  tokens: readonly Token[],
  { width, paint, now }: { width: number; paint: Paint; now: Date },
): string[] =>
  table<Token>(
    [
      { title: "TOKEN", cell: ({ id }) => id },
      { title: "NAME", cell: ({ name }) => name, least: 10, paint: (on, text) => on.bold(text) },
      { title: "MAY", cell: ({ scopes }) => scopes.join(", "), keep: 4 },
      { title: "ONLY", cell: ({ app }) => app ?? "", keep: 2 },
      { title: "USED", cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt, now) : "never"), keep: 3 },
      { title: "ENDS", cell: ({ expiresAt }) => ago(expiresAt, now), keep: 1 },
    ],
    tokens,
    { width, paint },
  );

export async function run(session: Session, { paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) => body(api.v1.tokens.$get({ query })));
  show(session, page, () =>
    page.items.length === 0
      ? ["No tokens. `berth token create ci --scope deploy` issues one."]
      : [...tokenTable(page.items, { ...session.terminal, now: session.now() }), ...more(page.next, "berth token list")],
  );
  return exits.done;
}
