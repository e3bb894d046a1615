import type { App, Release } from "@berth/api-client/types.ts";
import { useInfiniteQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useEntitlement } from "../billing/entitlement.ts";
import { rollbackReason } from "../billing/reason.ts";
import { whoWords } from "../job/words.ts";
import { releasesQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Older } from "../ui/older.tsx";
import { Section } from "../ui/page.tsx";
import { Status, type Tone } from "../ui/status.tsx";
import { Ago } from "../ui/time.tsx";
import { Rollback } from "./rollback.tsx";

interface Props {
  readonly app: string;
  readonly environment: App["environments"][number];
  readonly busy: boolean;
}

const outcomes: Record<Release["outcome"], { tone: Tone; word: string }> = {
  deploying: { tone: "busy", word: "Being deployed" },
  live: { tone: "good", word: "Live" },
  was_live: { tone: "off", word: "Was live" },
  failed: { tone: "bad", word: "Failed" },
  canceled: { tone: "off", word: "Canceled" },
  unknown: { tone: "off", word: "Outcome unknown" },
};

/** How a release came out; live on some targets only is said with their names. */
function outcomeWords({ outcome, liveOn, failure, rollback }: Release): { tone: Tone; word: string } {
  const partly = outcome === "live" && (failure !== undefined || rollback.possible);
  return partly ? { tone: "wait", word: `Live on ${liveOn.join(", ")}` } : outcomes[outcome];
}

/** An environment's releases, newest first, each with how it came out; what the API would go back to has a button. */
export function Releases({ app, environment, busy }: Props) {
  const [to, setTo] = useState<number>();
  const entitlement = useEntitlement();
  const pages = useInfiniteQuery(releasesQuery(app, environment, busy));
  const blocked = rollbackReason(entitlement) ?? (busy ? "A change is under way" : undefined);
  return (
    <Section title="Releases">
      <Loaded query={pages} lines={3}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          if (items.length === 0) return <Empty title="None yet" />;
          return (
            <ul class="rows">
              {items.map((release) => {
                const { tone, word } = outcomeWords(release);
                return (
                  <li key={release.number} class="row">
                    <div class="row-main">
                      <h3 class="row-title">
                        Release {release.number} <Status tone={tone}>{word}</Status>
                      </h3>
                      {release.failure && (
                        <p class="row-sub">
                          <span class="break">{release.failure.message}</span>
                          {release.job && <Link href={`/jobs/${encodeURIComponent(release.job)}`}>See why</Link>}
                        </p>
                      )}
                      <p class="row-sub">
                        <Ago at={release.createdAt} />
                        <span class="break">by {whoWords(release.by)}</span>
                        {release.note && <span class="break">{release.note}</span>}
                      </p>
                      <p class="row-sub">
                        {release.services.map(({ name, image, built }) => (
                          <span key={name} class="break">
                            {name} {built ? "built on the server" : <span class="mono">{image}</span>}
                          </span>
                        ))}
                      </p>
                    </div>
                    <div class="row-actions">
                      {release.rollback.possible && (
                        <Button
                          small
                          reason={blocked}
                          label={`Roll back to release ${release.number}`}
                          onClick={() => setTo(release.number)}
                        >
                          Roll back
                        </Button>
                      )}
                    </div>
                  </li>
                );
              })}
            </ul>
          );
        }}
      </Loaded>
      <Older of={pages}>Older releases</Older>
      {to !== undefined && <Rollback app={app} environment={environment} release={to} onClose={() => setTo(undefined)} />}
    </Section>
  );
}
