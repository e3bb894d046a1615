import { ended } from "@berth/domain/job/status.ts";
import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useActivity } from "../job/activity.ts";
import { JobRow } from "../job/job-row.tsx";
import { UnfinishedJobs } from "../job/unfinished-jobs.tsx";
import { appQuery, deploymentsQuery } from "../queries.ts";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Older } from "../ui/older.tsx";
import { Page, Section } from "../ui/page.tsx";
import { Status } from "../ui/status.tsx";
import { Addons } from "./addons.tsx";
import { environmentStatus, SeenAgo, Serving } from "./app-row.tsx";
import { Containers } from "./containers.tsx";
import { Logs } from "./logs.tsx";
import { Releases } from "./releases.tsx";
import { RemoveApp } from "./remove-app.tsx";

/** What jobs change is read when they begin and end; this is for the rest: how the containers are, and what else is done elsewhere. */
const LOOK_MS = 30_000;
const REFRESH_MS = 60_000;

/** One app: what serves where, its releases, its deployments, its logs. */
export function AppPage({ app: name }: { app: string }) {
  const status = useQuery({ ...appQuery(name), refetchInterval: LOOK_MS });
  const activity = useActivity();
  const [chosen, setChosen] = useState<string>();
  return (
    <Page
      title={name}
      lead={
        <span class="app-links">
          <Link href="/">All apps</Link>
          <Link href={`/policy?app=${encodeURIComponent(name)}`}>Policy of {name}</Link>
        </span>
      }
    >
      <Loaded query={status} lines={6}>
        {(app) => {
          const environment = app.environments.find((each) => each.name === chosen) ?? app.environments[0];
          const job = app.jobs.find(({ id }) => id === environment?.job);
          const going = activity.filter((each) => each.app === name && (!environment || each.environment === environment.name));
          const busy = going.length > 0 || (job !== undefined && !ended(job));
          if (!environment)
            return (
              <>
                <UnfinishedJobs jobs={going} />
                <Empty title="Not deployed yet">
                  <p>
                    In the folder of its compose.yaml: <code>berth deploy --app {name}</code>
                  </p>
                </Empty>
                <RemoveApp app={name} environment={undefined} busy={busy} />
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
              <UnfinishedJobs jobs={going} />
              <div class="card card-column">
                <div class="card-head">
                  <h2>{environment.name}</h2>
                  <Status tone={tone}>{word}</Status>
                </div>
                <Serving targets={environment.targets} />
                <SeenAgo at={environment.seenAt} />
                {job && !going.some(({ id }) => id === job.id) && (
                  <ul class="rows">
                    <JobRow job={job} />
                  </ul>
                )}
              </div>
              <Containers key={`containers-${environment.name}`} app={name} environment={environment} busy={busy} />
              <Addons app={name} environment={environment.name} />
              <Releases key={environment.name} app={name} environment={environment} busy={busy} />
              <Deployments app={name} />
              <Logs
                key={`logs-${environment.name}`}
                app={name}
                environment={environment}
                services={[
                  ...new Set(
                    environment.targets.flatMap(({ seen }) => [
                      ...(seen?.containers.map(({ service }) => service) ?? []),
                      ...(seen?.missing ?? []),
                    ]),
                  ),
                ].sort()}
              />
              <RemoveApp app={name} environment={environment.name} busy={busy} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Deployments({ app }: { app: string }) {
  const pages = useInfiniteQuery({ ...deploymentsQuery(app), refetchInterval: REFRESH_MS });
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
      <Older of={pages}>Older deployments</Older>
    </Section>
  );
}
