import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { AppRow } from "../app/app-row.tsx";
import { useActivity } from "../job/activity.ts";
import { JobRow } from "../job/job-row.tsx";
import { UnfinishedJobs } from "../job/unfinished-jobs.tsx";
import { appsQuery, jobsQuery, plansQuery, targetsQuery, usageQuery } from "../queries.ts";
import { TargetStanding } from "../target/target-card.tsx";
import { Empty, Loaded } from "../ui/loaded.tsx";
import { Page, Section } from "../ui/page.tsx";
import { NextSteps } from "./next-steps.tsx";
import { Quay } from "./quay.tsx";

/** What jobs change is read when they begin and end; this is for the rest. */
const REFRESH_MS = 60_000;

/** What serves where, and what is going on. */
export function Home() {
  const usage = useQuery({ ...usageQuery, refetchInterval: REFRESH_MS });
  const apps = useQuery({ ...appsQuery, refetchInterval: REFRESH_MS });
  const jobs = useQuery({ ...jobsQuery, refetchInterval: REFRESH_MS });
  const targets = useQuery(targetsQuery);
  const plans = useQuery(plansQuery);
  const deployed = apps.data?.some(({ environments }) => environments.some(({ release }) => release !== null)) ?? false;
  const plan = plans.data?.items.find(({ name }) => name === usage.data?.plan)?.title ?? null;
  const activity = useActivity();
  const running = new Map(activity.map((job) => [job.id, job]));
  return (
    <Page title="Apps">
      <UnfinishedJobs jobs={activity} />
      {usage.data && (
        <Quay
          apps={apps.data?.filter(({ slot }) => slot).map(({ name }) => name) ?? []}
          used={usage.data.slots.used}
          limit={usage.data.slots.limit}
          plan={plan}
        />
      )}
      {usage.data && targets.data && apps.data && !deployed && (
        <NextSteps
          paid={usage.data.entitlement !== "none"}
          targets={targets.data.items.length}
          ready={targets.data.items.some(({ status }) => status === "ready")}
        />
      )}
      <Loaded query={apps} lines={4}>
        {(items) =>
          items.length === 0 ? null : (
            <ul class="apps">
              {items.map((app) => (
                <AppRow key={app.id} app={app} running={running} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <div class="columns">
        <Section title="Targets" aside={<Link href="/targets">All targets</Link>}>
          <Loaded query={targets} lines={2}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty title="No target yet" />
              ) : (
                <ul class="rows">
                  {items.map((target) => (
                    <li key={target.id} class="row">
                      <div class="row-main">
                        <h3 class="row-title">
                          <Link href="/targets">{target.name}</Link>
                        </h3>
                        <p class="row-sub mono break">{target.host}</p>
                      </div>
                      <TargetStanding target={target} />
                    </li>
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Section>
        <Section title="Latest jobs">
          <Loaded query={jobs} lines={2}>
            {({ items }) =>
              items.length === 0 ? (
                <Empty title="Nothing has run yet" />
              ) : (
                <ul class="rows">
                  {items.map((job) => (
                    <JobRow key={job.id} job={job} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Section>
      </div>
    </Page>
  );
}
