import { body } from "@berth/api-client/client.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { api } from "../api.ts";
import { sessionsQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Fact } from "../ui/facts.tsx";
import { Loaded } from "../ui/loaded.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Ago, Day } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";

/** The browsers that may act as this person, and how to sign each of them out. */
export function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const again = () => queries.invalidateQueries(sessionsQuery);
  const end = useMutation({
    mutationFn: (id: string) => api.sessions[":session"].$delete({ param: { session: id } }),
    onSuccess: async () => {
      await again();
      said("That browser is signed out.");
    },
  });
  const endOthers = useMutation({
    mutationFn: () => body(api.sessions.$delete()),
    onSuccess: async ({ ended }) => {
      await again();
      said(ended === 1 ? "One other browser is signed out." : `${ended} other browsers are signed out.`);
    },
  });
  return (
    <Loaded query={sessions}>
      {({ items }) => (
        <>
          <ul class="rows">
            {items.map((session) => (
              <li key={session.id} class="row">
                <div class="row-main">
                  <h3 class="row-title">{session.current ? "This browser" : session.ip}</h3>
                  <p class="row-sub">
                    <span class="break">{session.client}</span>
                    {session.current && <span>from {session.ip}</span>}
                  </p>
                </div>
                <dl class="row-facts">
                  <Fact term="Signed in">
                    <Ago at={session.createdAt} />
                  </Fact>
                  <Fact term="Ends">
                    <Day at={session.expiresAt} />
                  </Fact>
                </dl>
                <div class="row-actions">
                  {!session.current && (
                    <Button
                      small
                      kind="danger"
                      label={`Sign out the browser at ${session.ip}`}
                      busy={end.isPending && end.variables === session.id}
                      onClick={() => end.mutate(session.id)}
                    >
                      Sign out
                    </Button>
                  )}
                </div>
              </li>
            ))}
          </ul>
          <Refusal error={end.error ?? endOthers.error} />
          {items.length > 1 && (
            <div>
              <Button kind="danger" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
                Sign out everywhere else
              </Button>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}
