import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { tokensQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Fact } from "../ui/facts.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Page, Section } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Ago, Day } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";
import { NewToken } from "./new-token.tsx";

export function Tokens() {
  const tokens = useQuery(tokensQuery);
  const [revoking, setRevoking] = useState<{ id: string; name: string }>();
  return (
    <Page
      title="Tokens"
      lead="A token lets a terminal, a script or an agent act for this account. Give each its own, as narrow as its work."
    >
      <NewToken />
      <Section title="Active tokens">
        <Loaded query={tokens}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No token yet">
                <p>
                  Make one above, or run <code>berth login</code> in a terminal.
                </p>
              </Empty>
            ) : (
              <ul class="rows">
                {items.map((token) => (
                  <li key={token.id} class="row">
                    <div class="row-main">
                      <h3 class="row-title">{token.name}</h3>
                      <p class="row-sub">
                        {token.scopes.map((scope) => (
                          <code key={scope}>{scope}</code>
                        ))}
                        {token.app && (
                          <span>
                            only <code>{token.app}</code>
                          </span>
                        )}
                      </p>
                    </div>
                    <dl class="row-facts">
                      <Fact term="Last used">{token.lastUsedAt ? <Ago at={token.lastUsedAt} /> : "never"}</Fact>
                      <Fact term="Expires">
                        <Day at={token.expiresAt} />
                      </Fact>
                    </dl>
                    <div class="row-actions">
                      <Button small kind="danger" label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
                        Revoke
                      </Button>
                    </div>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
      {revoking && <Revoke token={revoking} onClose={() => setRevoking(undefined)} />}
    </Page>
  );
}

function Revoke({ token, onClose }: { token: { id: string; name: string }; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.tokens[":token"].$delete({ param: { token: token.id } }),
    onSuccess: async () => {
      await queries.invalidateQueries(tokensQuery);
      said(`${token.name} was revoked. It does not work any more.`);
      onClose();
    },
  });
  return (
    <Dialog title={`Revoke ${token.name}?`} onClose={onClose}>
      <p>Whatever uses it stops working at once. It cannot be brought back.</p>
      <Refusal error={revoke.error} />
      <div class="actions">
        <Button kind="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke it
        </Button>
        <Button onClick={onClose}>Keep it</Button>
      </div>
    </Dialog>
  );
}
