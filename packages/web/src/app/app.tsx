import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { api, read } from "../api.ts";
import { JobRow } from "../job/job-row.tsx";
import { jobEnded } from "../job/words.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Page, Section } from "../ui/page.tsx";
import { Status } from "../ui/status.tsx";
import { environmentStatus, Serving } from "./app-row.tsx";
import { Logs } from "./logs.tsx";
import { Releases } from "./releases.tsx";
import { RemoveApp } from "./remove-app.tsx";

const IDLE_MS = 15_000;
const BUSY_MS = 2_000;

/** One app: what serves where, its releases, its deployments, its logs. */
export function AppPage({ name }: { name: string }) {
  const status = useQuery({
    queryKey: ["app", name],
    queryFn: () => read(api.apps[":app"].status.$get({ param: { app: name } })),
    refetchInterval: ({ state }) => (state.data?.jobs.every(jobEnded) === false ? BUSY_MS : IDLE_MS),
  });
  const [chosen, setChosen] = useState<string>();
  return (
    <Page title={name} lead={<Link href="/">All apps</Link>}>
      <Loaded query={status} lines={6}>
        {(app) => {
          const environment = app.environments.find((each) => each.name === chosen) ?? app.environments[0];
          const job = app.jobs.find(({ id }) => id === environment?.job);
          const busy = job !== undefined && !jobEnded(job);
          if (!environment)
            return (
              <>
                <Empty title="Not deployed yet">
                  <p>
                    In the folder of its compose.yaml: <code>berth deploy --app {name}</code>
                  </p>
                </Empty>
                <RemoveApp app={name} environment={undefined} busy={false} />
              </>
            );
          const { tone, word } = environmentStatus(environment, busy);
          return (
            <>
              {app.environments.length > 1 && (
                <fieldset class="choices">
                  <legend class="unseen">Environment</legend>
                  {app.environments.map((each) => (
                    <label key={each.name} class="choice">
                      <input
                        type="radio"
                        name="environment"
                        checked={each.name === environment.name}
                        onChange={() => setChosen(each.name)}
                      />
                      <span>{each.name}</span>
                    </label>
                  ))}
                </fieldset>
              )}
              <div class="card current">
                <div class="card-head">
                  <h2>{environment.name}</h2>
                  <Status tone={tone}>{word}</Status>
                </div>
                <Serving targets={environment.targets} />
                {job && (
                  <ul class="rows">
                    <JobRow job={job} />
                  </ul>
                )}
              </div>
              <Releases key={environment.name} app={name} environment={environment} busy={busy} />
              <Deployments app={name} />
              <Logs key={`logs-${environment.name}`} app={name} environment={environment} />
              <RemoveApp app={name} environment={environment.name} busy={busy} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Deployments({ app }: { app: string }) {
  const pages = useInfiniteQuery({
    queryKey: ["app", app, "deployments"],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      read(api.apps[":app"].deployments.$get({ param: { app }, query: { limit: 10, ...(pageParam && { cursor: pageParam }) } })),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: IDLE_MS,
  });
  return (
    <Section title="Deployments">
      <Loaded query={pages} lines={3}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Empty title="None yet" />
          ) : (
            <ul class="rows">
              {items.map((job) => (
                <JobRow key={job.id} job={job} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      {pages.hasNextPage && (
        <div>
          <Button small busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Older deployments
          </Button>
        </div>
      )}
    </Section>
  );
}
