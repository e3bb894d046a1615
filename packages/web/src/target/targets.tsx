import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { growReason } from "../billing/reason.ts";
import { useActivity } from "../job/activity.ts";
import { UnfinishedJobs } from "../job/unfinished-jobs.tsx";
import { targetsQuery, usageQuery } from "../queries.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Page } from "../ui/page.tsx";
import { AddTarget } from "./add-target.tsx";
import { TargetCard } from "./target-card.tsx";

export function Targets() {
  const targets = useQuery(targetsQuery);
  const usage = useQuery(usageQuery);
  const activity = useActivity();
  const [adding, setAdding] = useState(false);
  const full =
    usage.data && usage.data.targets.used >= usage.data.targets.limit
      ? `All ${usage.data.targets.limit} targets of your plan are used`
      : undefined;
  const reason = growReason(usage.data && { state: usage.data.entitlement, because: usage.data.because }) ?? full;
  const none = targets.data?.items.length === 0;
  return (
    <Page
      title="Targets"
      lead="Your own servers. Berth reaches each by SSH with a key made for it alone, or by SSM in your AWS account; nothing is installed there."
      actions={
        !adding && (
          <Button kind="main" reason={reason} onClick={() => setAdding(true)}>
            Add a target
          </Button>
        )
      }
    >
      <UnfinishedJobs jobs={activity} />
      {adding && <AddTarget onDone={() => setAdding(false)} />}
      <Loaded query={targets} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            adding ? null : (
              <Empty title="No target yet">
                <p>
                  A target needs Docker with the Compose plugin, and an SSH port that Berth can reach. One in your AWS account can
                  do without: <code>berth target add --help</code> tells how.
                </p>
              </Empty>
            )
          ) : (
            <ul class="cards">
              {items.map((target) => (
                <TargetCard key={target.id} target={target} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {none && !adding && reason && usage.data?.entitlement === "none" && (
        <p class="hint">
          <a href="/plans">Choose a plan</a> first; it takes a minute.
        </p>
      )}
    </Page>
  );
}
