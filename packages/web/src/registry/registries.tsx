import { body, segment } from "@berth/api-client/client.ts";
import type { Registry } from "@berth/api-client/types.ts";
import { loginWords } from "@berth/domain/registry/login-words.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api } from "../api.ts";
import { useEntitlement } from "../billing/entitlement.ts";
import { growReason } from "../billing/reason.ts";
import { registriesQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Fact } from "../ui/facts.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { Status } from "../ui/status.tsx";
import { Ago } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";
import { AddRegistry } from "./add-registry.tsx";
import { Check } from "./check.tsx";

export function Registries() {
  const registries = useQuery(registriesQuery);
  const entitlement = useEntitlement();
  const [adding, setAdding] = useState(false);
  return (
    <Page
      title="Registries"
      lead="Logins for images that are not public. Your servers pull with them; a deploy gets those of the registries that its images name."
      actions={
        !adding && (
          <Button kind="main" reason={growReason(entitlement)} onClick={() => setAdding(true)}>
            Add a login
          </Button>
        )
      }
    >
      {adding && <AddRegistry onDone={() => setAdding(false)} />}
      <Loaded query={registries}>
        {({ items }) =>
          items.length === 0 ? (
            adding ? null : (
              <Empty title="No login yet">
                <p>
                  Add one here, or in a terminal: <code>berth registry add REGISTRY --user USER</code>
                </p>
              </Empty>
            )
          ) : (
            <ul class="rows">
              {items.map((registry) => (
                <Row key={registry.host} registry={registry} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}

function Row({ registry }: { registry: Registry }) {
  const { host, user, addedAt, checkedAt, problem } = registry;
  const [removing, setRemoving] = useState(false);
  const check = useMutation({
    mutationFn: () => body(api.registries[":host"].check.$post({ param: { host: segment(host) }, json: {} })),
  });
  return (
    <li class="row registry">
      <div class="row-main">
        <h2 class="row-title">{host}</h2>
        <p class="row-sub">
          <span class="break">{user}</span>
          <Status tone={problem ? "bad" : checkedAt ? "good" : "wait"}>{sentence(loginWords(registry))}</Status>
        </p>
        {problem && (
          <p class="row-sub">
            <span class="break">{problem.message}</span>
            <Link href={`/errors#${encodeURIComponent(problem.class)}`}>{problem.class}</Link>
          </p>
        )}
      </div>
      <dl class="row-facts">
        <Fact term="Checked">{checkedAt ? <Ago at={checkedAt} /> : "never"}</Fact>
        <Fact term="Stored">
          <Ago at={addedAt} />
        </Fact>
      </dl>
      <div class="row-actions">
        <Button small busy={check.isPending} label={`Check ${host}`} onClick={() => check.mutate()}>
          Check
        </Button>
        <Button small kind="danger" label={`Remove ${host}`} onClick={() => setRemoving(true)}>
          Remove
        </Button>
      </div>
      {check.error && <Refusal error={check.error} />}
      {check.data && <Check key={check.data.id} job={check.data.id} host={host} />}
      {removing && <Remove host={host} onClose={() => setRemoving(false)} />}
    </li>
  );
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function Remove({ host, onClose }: { host: string; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.registries[":host"].$delete({ param: { host: segment(host) } }),
    onSuccess: async () => {
      await queries.invalidateQueries(registriesQuery);
      said(`The login for ${host} was removed.`);
      onClose();
    },
  });
  return (
    <Confirm title={`Remove the login for ${host}?`} act={remove} kind="danger" yes="Remove it" no="Keep it" onClose={onClose}>
      Deploys that pull private images from there will fail. What runs goes on. It cannot be undone.
    </Confirm>
  );
}
