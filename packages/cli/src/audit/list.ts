import { body } from "@berth/api-client/client.ts";
import type { AuditLine } from "@berth/api-client/types.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import { moment } from "../terminal/time.ts";
import { whoText } from "./who.ts";

interface Input {
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [
  ["berth audit", "the last twenty lines, newest first"],
  ["berth audit --all --json", "everything, for a program"],
];

export const options: NonNullable<Verb<Input>["options"]> = pagingOptions;

export const parse = (_: readonly string[], flags: Flags): Input => ({ paging: parsePaging(flags) });

const good = new Set(["ok", "succeeded"]);

export const auditTable = (lines: readonly AuditLine[], to: { width: number; paint: Paint }): string[] =>
  table<AuditLine>(
    [
      { title: "WHEN", cell: ({ at }) => moment(at) },
      { title: "ACTION", cell: ({ action }) => action, paint: (on, text) => on.bold(text) },
      { title: "SUBJECT", cell: ({ subject, subjectName }) => subjectName ?? subject, keep: 4, least: 12 },
      {
        title: "RESULT",
        cell: ({ result }) => result,
        keep: 3,
        paint: (on, text, { result }) => (good.has(result) ? text : on.yellow(text)),
      },
      { title: "WHO", cell: ({ actor }) => whoText(actor), keep: 2, least: 14 },
      { title: "DETAIL", cell: ({ detail }) => detail ?? "", keep: 1, least: 20 },
    ],
    lines,
    to,
  );

export async function run(session: Session, { paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) => body(api.v1.audit.$get({ query })));
  show(session, page, () => [...auditTable(page.items, session.terminal), ...more(page.next, "berth audit")]);
  return exits.done;
}
