import type { AppView } from "@berth/domain/app/status.ts";
import { useInfiniteQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api, read } from "../api.ts";
import { rollbackReason } from "../billing/reason.ts";
import { useStanding } from "../billing/standing.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Section } from "../ui/page.tsx";
import { Ago } from "../ui/time.tsx";
import { Rollback } from "./rollback.tsx";

interface Props {
  readonly app: string;
  readonly environment: AppView["environments"][number];
  readonly busy: boolean;
}

/** An environment's releases, newest first; any that was healthy can be gone back to. */
export function Releases({ app, environment, busy }: Props) {
  const [to, setTo] = useState<number>();
  const standing = useStanding();
  const pages = useInfiniteQuery({
    queryKey: ["app", app, "releases", environment.name, environment.releases],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      read(
        api.apps[":app"].releases.$get({
          param: { app },
          query: { environment: environment.name, limit: 10, ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const live = new Set(environment.targets.map(({ release }) => release));
  const blocked = rollbackReason(standing) ?? (busy ? "A change is under way" : undefined);
  return (
    <Section title="Releases">
      <Loaded query={pages} lines={3}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          if (items.length === 0) return <Empty title="None yet" />;
          const reasonOf = (number: number) =>
            blocked ?? (environment.release === null || number > environment.release ? "Was not healthy everywhere" : undefined);
          return (
            <ul class="rows">
              {items.map((release) => {
                const everywhere = live.size === 1 && live.has(release.number);
                return (
                  <li key={release.number} class="row">
                    <div class="row-main">
                      <h3 class="row-title">
                        Release {release.number} {live.has(release.number) && <span class="tag good">live</span>}
                      </h3>
                      <p class="row-sub">
                        <Ago at={release.createdAt} />
                        {release.note && <span class="break">{release.note}</span>}
                      </p>
                      <p class="row-sub">
                        {release.services.map(({ name, image }) => (
                          <span key={name} class="break">
                            {name} <span class="mono">{image}</span>
                          </span>
                        ))}
                      </p>
                    </div>
                    <div class="row-actions">
                      {everywhere ? null : (
                        <Button
                          small
                          reason={reasonOf(release.number)}
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
      {pages.hasNextPage && (
        <div>
          <Button small busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Older releases
          </Button>
        </div>
      )}
      {to !== undefined && <Rollback app={app} environment={environment} release={to} onClose={() => setTo(undefined)} />}
    </Section>
  );
}
