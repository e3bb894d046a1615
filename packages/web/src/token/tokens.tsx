import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { tokensQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Fact } from "../ui/facts.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Page, Section } from "../ui/page.tsx";
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
    <Confirm title={`Revoke ${token.name}?`} act={revoke} kind="danger" yes="Revoke it" no="Keep it" onClose={onClose}>
      Whatever uses it stops working at once. It cannot be brought back.
    </Confirm>
  );
}
