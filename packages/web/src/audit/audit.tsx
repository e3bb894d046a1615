import type { AuditLine } from "@berth/api-client/types.ts";
import { useInfiniteQuery } from "@tanstack/preact-query";
import { whoWords } from "../job/words.ts";
import { useMe } from "../me.ts";
import { auditQuery } from "../queries.ts";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Older } from "../ui/older.tsx";
import { Page } from "../ui/page.tsx";
import { StackedTable } from "../ui/table.tsx";
import { Moment } from "../ui/time.tsx";
import { detailWords } from "./detail.ts";

/** Who did what to which thing, newest first. */
export function Audit() {
  const me = useMe().data;
  const lines = useInfiniteQuery(auditQuery);
  const who = (actor: AuditLine["actor"]) => (actor.kind === "user" && actor.id === me?.actor.id ? "you" : whoWords(actor));
  return (
    <Page title="Audit" lead="Every change, in the order it happened. Lines are never edited or removed.">
      <Loaded query={lines} lines={6}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) return <Empty title="Nothing has happened yet" />;
          return (
            <StackedTable titles={["When", "What", "Subject", "Who", "Result"]}>
              {items.map((line) => (
                <tr key={line.id}>
                  <td data-term="When">
                    <Moment at={line.at} />
                  </td>
                  <td data-term="What">
                    <code>{line.action}</code>
                  </td>
                  <td data-term="Subject">
                    <span class="break" title={line.subjectName && line.subject}>
                      {line.subjectName ?? line.subject}
                    </span>
                    {line.detail && <span class="sub break">{detailWords(line.detail)}</span>}
                  </td>
                  <td data-term="Who">
                    <span class="who">{who(line.actor)}</span>
                  </td>
                  <td data-term="Result">{line.result}</td>
                </tr>
              ))}
            </StackedTable>
          );
        }}
      </Loaded>
      <Older of={lines} small={false}>
        Older lines
      </Older>
    </Page>
  );
}
