import type { Activity } from "@berth/api-client/types.ts";
import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect } from "preact/hooks";
import { activityQuery, changedByJobs } from "../queries.ts";

/** How often a page in sight asks what goes on: while somebody uses it or something goes on, and while it only lies open. Out of sight it asks nothing. */
const SOON_MS = 1_500;
const IDLE_MS = 6_000;
/** Somebody who pressed a key or the pointer, or came back to the page, so long ago is still there. */
const FRESH_MS = 2 * 60_000;

let touchedAt = Date.now();
for (const sign of ["pointerdown", "keydown", "focus"]) window.addEventListener(sign, () => (touchedAt = Date.now()), true);
document.addEventListener("visibilitychange", () => (touchedAt = Date.now()));

/** What tells one answer from another: which jobs go on and how far they are, and what was accepted last. */
const signOf = ({ items, latest }: Activity) => [latest, ...items.map(({ id, version }) => `${id}:${version}`)].join(" ");

/** Asks again for everything that a job may have changed. */
export function useRefresh(): () => void {
  const queries = useQueryClient();
  return () => {
    for (const queryKey of [activityQuery.queryKey, ...changedByJobs]) void queries.invalidateQueries({ queryKey });
  };
}

let last: string | undefined;

/** Deploys and removals under way, as they begin and end. What they change is then read again. */
export function useActivity(): Activity["items"] {
  const queries = useQueryClient();
  const { data } = useQuery({
    ...activityQuery,
    refetchInterval: ({ state }) =>
      (state.data?.items.length ?? 0) > 0 || Date.now() - touchedAt < FRESH_MS ? SOON_MS : IDLE_MS,
  });
  const sign = data && signOf(data);
  const busy = (data?.items.length ?? 0) > 0;
  useEffect(() => {
    if (sign === undefined) return;
    // Of the first answer only what goes on is news: it may have begun after the rest of the page was read.
    const news = last === undefined ? busy : last !== sign;
    last = sign;
    if (news) for (const queryKey of changedByJobs) void queries.invalidateQueries({ queryKey });
  }, [sign, busy, queries]);
  return data?.items ?? [];
}
