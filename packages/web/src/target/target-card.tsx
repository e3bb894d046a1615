import { body } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import { roleCommands } from "@berth/domain/remote/ssm/role.ts";
import { useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { api } from "../api.ts";
import { useEntitlement } from "../billing/entitlement.ts";
import { growReason } from "../billing/reason.ts";
import { targetsQuery, usageQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Copy } from "../ui/copy.tsx";
import { Prose } from "../ui/prose.tsx";
import { Status } from "../ui/status.tsx";
import { Ago } from "../ui/time.tsx";
import { failed, said } from "../ui/toast.tsx";
import { Bootstrap } from "./bootstrap.tsx";
import { Fingerprint } from "./fingerprint.tsx";
import { Labels } from "./labels.tsx";
import { ServerFacts } from "./server-facts.tsx";
import { letIn, targetStatus } from "./target.ts";

export type TargetView = Target;

/** A server: how it stands, what is left to do there, what a check found. */
export function TargetCard({ target }: { target: TargetView }) {
  const [removing, setRemoving] = useState(false);
  const queries = useQueryClient();
  const check = useMutation({
    mutationFn: () => body(api.targets[":target"].check.$post({ param: { target: target.id } })),
    onSuccess: () => {
      said(`Looking at ${target.name}.`);
      setTimeout(() => void queries.invalidateQueries(targetsQuery), 1_500);
    },
    onError: failed,
  });
  return (
    <li class="card card-column target" aria-labelledby={`t-${target.id}`}>
      <div class="card-head">
        <div>
          <h2 id={`t-${target.id}`}>{target.name}</h2>
          <p class="mono sub break">
            {target.ssm ? `${target.host} in ${target.ssm.region}` : `${target.user}@${target.host}`}
            {(target.port ?? 22) !== 22 && `:${target.port}`}
          </p>
          {(target.default || (target.labels ?? []).length > 0) && (
            <p class="target-labels">
              {target.default && <span class="tag good">default</span>}
              {target.labels?.map((label) => (
                <span key={label} class="tag">
                  {label}
                </span>
              ))}
            </p>
          )}
        </div>
        <TargetStanding target={target} />
      </div>
      {target.problem && (
        <div class="note bad">
          <p>
            <strong class="break">{target.problem.message}</strong>
          </p>
          {target.problem.remedy && (
            <p>
              <Prose text={target.problem.remedy} />
            </p>
          )}
        </div>
      )}
      {target.shownKey && target.status !== "ready" && <Fingerprint target={target} shown={target.shownKey} />}
      {target.ssm && target.status !== "ready" && <Role host={target.host} ssm={target.ssm} />}
      {target.publicKey !== undefined && target.status !== "ready" && (
        <details class="fold" open={target.status === "untrusted" || target.problem?.class === "auth.failed"}>
          <summary>Give Berth access</summary>
          <p>
            Run this on the server as <code>{target.user}</code>. It adds the key that was made for this target alone.
          </p>
          <Copy text={letIn(target.publicKey)} label={`Command that gives Berth access to ${target.name}`} wrap />
          {target.hostKey && target.status !== "changed" && <Bootstrap target={target} />}
        </details>
      )}
      <ServerFacts facts={target.facts} />
      {target.hostKey && target.publicKey !== undefined && (
        <details class="fold">
          <summary>Keys</summary>
          <p class="sub">Confirmed host key</p>
          <Copy text={target.hostKey.fingerprint} label={`Host key of ${target.name}`} wrap />
          <p class="sub">Berth's public key</p>
          <Copy text={target.publicKey} label={`Public key for ${target.name}`} wrap />
        </details>
      )}
      <Labels target={target} />
      <div class="card-foot">
        <p class="sub">
          {target.checkedAt ? (
            <>
              Checked <Ago at={target.checkedAt} />
            </>
          ) : (
            "Not checked yet"
          )}
        </p>
        <div class="actions">
          <Button small busy={check.isPending} label={`Check ${target.name}`} onClick={() => check.mutate()}>
            Check
          </Button>
          <Button small kind="danger" label={`Remove ${target.name}`} onClick={() => setRemoving(true)}>
            Remove
          </Button>
        </div>
      </div>
      {removing && <Remove target={target} onClose={() => setRemoving(false)} />}
    </li>
  );
}

/** What lets Berth in to a server that SSM manages. */
function Role({ host, ssm }: { host: string; ssm: NonNullable<TargetView["ssm"]> }) {
  return (
    <details class="fold" open>
      <summary>Give Berth access</summary>
      <p>Run this where your own credentials for AWS are. It makes the role that lets Berth send this server commands.</p>
      <Copy text={roleCommands(host, ssm).join("\n")} label={`Commands that make the role for ${host}`} wrap />
    </details>
  );
}

export function TargetStanding({ target }: { target: TargetView }) {
  const { tone, word } = targetStatus(target);
  return <Status tone={tone}>{word}</Status>;
}

function Remove({ target, onClose }: { target: TargetView; onClose: () => void }) {
  const queries = useQueryClient();
  const entitlement = useEntitlement();
  const remove = useMutation({
    mutationFn: () => api.targets[":target"].$delete({ param: { target: target.id } }),
    onSuccess: async () => {
      await Promise.all([queries.invalidateQueries(targetsQuery), queries.invalidateQueries(usageQuery)]);
      said(`${target.name} was removed. What runs there was not touched.`);
      onClose();
    },
  });
  return (
    <Confirm
      title={`Remove ${target.name}?`}
      act={remove}
      kind="danger"
      yes="Remove it"
      no="Keep it"
      reason={growReason(entitlement)}
      onClose={onClose}
    >
      Berth forgets the server and its key. Nothing on the server is changed; apps that are deployed there have to be removed
      first.
    </Confirm>
  );
}
