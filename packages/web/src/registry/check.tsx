import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";
import { useRefresh } from "../job/activity.ts";
import { useFollowed } from "../job/follow.ts";
import { rolloutStatus } from "../job/words.ts";
import { Refusal } from "../ui/refusal.tsx";
import { Status } from "../ui/status.tsx";

/** What each server was answered by the registry, as they answer. */
export function Check({ job: id, host }: { job: string; host: string }) {
  const { job, by, error } = useFollowed(id);
  const refresh = useRefresh();
  const over = by === "over";
  useEffect(() => {
    if (over) refresh();
  }, [over]);
  return (
    <div class="registry-check">
      {error ? <Refusal error={error} title="The connection was lost; asking again" /> : null}
      <div role="status" aria-label={`Check of ${host}`}>
        <ul>
          {Object.values(job?.rollouts ?? {}).map(({ target, name, status, failure }) => {
            const { tone, word } = rolloutStatus[status];
            return (
              <li key={target} class="registry-answer">
                <span class="break">{name}</span>
                <Status tone={tone}>{status === "succeeded" ? "The registry takes the login" : word}</Status>
                {failure && <span class="sub break">{failure.message}</span>}
              </li>
            );
          })}
        </ul>
      </div>
      <Link href={`/jobs/${encodeURIComponent(id)}`}>See the check</Link>
    </div>
  );
}
