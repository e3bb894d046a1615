import type { Deployer } from "@berth/api-client/types.ts";
import { jobWords } from "@berth/domain/deployer/job-words.ts";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api } from "../api.ts";
import { deployersQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Fact } from "../ui/facts.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Older } from "../ui/older.tsx";
import { Page } from "../ui/page.tsx";
import { Ago } from "../ui/time.tsx";
import { said } from "../ui/toast.tsx";
import { AddDeployer } from "./add-deployer.tsx";
import { WorkflowFold } from "./workflow-fold.tsx";

export function Deployers() {
  const deployers = useInfiniteQuery(deployersQuery);
  const [adding, setAdding] = useState(false);
  const [added, setAdded] = useState<string>();
  const done = (id?: string) => {
    setAdding(false);
    setAdded(id);
  };
  return (
    <Page
      title="Deployers"
      lead="Jobs of GitHub Actions that may deploy an app without a stored secret: GitHub signs for which job it is, and Berth gives it a token for 15 minutes."
      actions={
        !adding && (
          <Button kind="main" onClick={() => setAdding(true)}>
            Add a deployer
          </Button>
        )
      }
    >
      {adding && <AddDeployer onDone={done} />}
      <Loaded query={deployers}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0)
            return adding ? null : (
              <Empty title="No deployer yet">
                <p>
                  Add one here, or in a terminal:{" "}
                  <code>berth deployer add github --app APP --repository OWNER/NAME --ref refs/heads/main</code>
                </p>
              </Empty>
            );
          return (
            <ul class="rows">
              {items.map((deployer) => (
                <Row key={deployer.id} deployer={deployer} open={deployer.id === added} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      <Older of={deployers}>Older deployers</Older>
    </Page>
  );
}

function Row({ deployer, open }: { deployer: Deployer; open: boolean }) {
  const [removing, setRemoving] = useState(false);
  const { id, repository, app, lastUsedAt, createdAt } = deployer;
  return (
    <li class="row deployer" aria-label={`${repository} for ${app}`}>
      <div class="row-main">
        <h2 class="row-title">{repository}</h2>
        <p class="row-sub">
          <span>
            deploys <Link href={`/apps/${encodeURIComponent(app)}`}>{app}</Link>
          </span>
          <span class="break">{jobWords(deployer)}</span>
        </p>
        <p class="row-sub">
          <code class="break">{id}</code>
        </p>
      </div>
      <dl class="row-facts">
        <Fact term="Last used">{lastUsedAt ? <Ago at={lastUsedAt} /> : "never"}</Fact>
        <Fact term="Added">
          <Ago at={createdAt} />
        </Fact>
      </dl>
      <div class="row-actions">
        <Button small kind="danger" label={`Remove ${repository} for ${app}`} onClick={() => setRemoving(true)}>
          Remove
        </Button>
      </div>
      <WorkflowFold deployer={deployer} open={open} />
      {removing && <Remove deployer={deployer} onClose={() => setRemoving(false)} />}
    </li>
  );
}

function Remove({ deployer: { id, repository, app }, onClose }: { deployer: Deployer; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.deployers[":deployer"].$delete({ param: { deployer: id } }),
    onSuccess: async () => {
      await queries.invalidateQueries(deployersQuery);
      said(`Jobs of ${repository} may not deploy ${app} any more by this deployer.`);
      onClose();
    },
  });
  return (
    <Confirm
      title={`Remove the deployer of ${repository}?`}
      act={remove}
      kind="danger"
      yes="Remove it"
      no="Keep it"
      onClose={onClose}
    >
      The tokens that its jobs hold stop working at once, also those of a job that is deploying {app} now. It cannot be undone.
    </Confirm>
  );
}
