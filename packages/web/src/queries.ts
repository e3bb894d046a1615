import { body, readAll } from "@berth/api-client/client.ts";
import type { App } from "@berth/api-client/types.ts";
import type { PricingPlanName } from "@berth/domain/pricing/plans.ts";
import { infiniteQueryOptions, queryOptions } from "@tanstack/preact-query";
import { api, refusedAs } from "./api.ts";
import { mark, unmark } from "./session.ts";
import { pending } from "./target/target.ts";

/** Every question the pages ask of the API: its key, how it is asked and, where it says so itself, when again. */

const LOOK_AGAIN_MS = 2_000;

const paged = {
  initialPageParam: "",
  getNextPageParam: (page: { readonly next: string | null }) => page.next ?? undefined,
};
/** A page of a list after the cursor, if there is one. */
const after = (cursor: string, limit: number) => ({ limit, ...(cursor && { cursor }) });

/** The person signed in; null when nobody is. */
export const meQuery = queryOptions({ queryKey: ["me"], queryFn: whoAmI, staleTime: 60_000 });

async function whoAmI() {
  try {
    const me = await body(api.me.$get());
    mark();
    return me;
  } catch (error) {
    if (!refusedAs(error, "auth.required")) throw error;
    unmark();
    return null;
  }
}

export const sessionsQuery = queryOptions({ queryKey: ["sessions"], queryFn: () => body(api.sessions.$get()) });

/** A login of a command line that waits to be confirmed. */
export const deviceQuery = (code: string) =>
  queryOptions({
    queryKey: ["device", code],
    queryFn: () => body(api.auth.device[":code"].$get({ param: { code } })),
    refetchOnWindowFocus: false,
    staleTime: 600_000,
  });

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: () => body(api.tokens.$get({ query: { limit: 100 } })),
});

export const auditQuery = infiniteQueryOptions({
  ...paged,
  queryKey: ["audit"],
  queryFn: ({ pageParam }) => body(api.audit.$get({ query: after(pageParam, 50) })),
});

export const appsQuery = queryOptions({
  queryKey: ["apps"],
  queryFn: () => readAll((cursor) => body(api.apps.$get({ query: after(cursor ?? "", 100) }))),
});

/** How an app is, and all that is asked of it below. */
export const appQuery = (app: string) =>
  queryOptions({
    queryKey: ["app", app],
    queryFn: () => body(api.apps[":app"].status.$get({ param: { app }, query: {} })),
  });

export const deploymentsQuery = (app: string) =>
  infiniteQueryOptions({
    ...paged,
    queryKey: ["app", app, "deployments"],
    queryFn: ({ pageParam }) => body(api.apps[":app"].deployments.$get({ param: { app }, query: after(pageParam, 10) })),
  });

/** Asked anew when the environment has another release or job, or begins or ends to be busy. */
export const releasesQuery = (app: string, { name, releases, job }: App["environments"][number], busy: boolean) =>
  infiniteQueryOptions({
    ...paged,
    queryKey: ["app", app, "releases", name, releases, job, busy],
    queryFn: ({ pageParam }) =>
      body(api.apps[":app"].releases.$get({ param: { app }, query: { environment: name, ...after(pageParam, 10) } })),
    placeholderData: (before) => before, // shown until the news is here
  });

export const addonsQuery = (app: string, environment: string) =>
  queryOptions({
    queryKey: ["app", app, "addons", environment],
    queryFn: () => body(api.apps[":app"].addons.$get({ param: { app }, query: { environment } })),
  });

/** What deploying would do; kept for a day. */
export const planQuery = (app: string, plan: string) =>
  queryOptions({
    queryKey: ["app", app, "plan", plan],
    queryFn: () => body(api.apps[":app"].plans[":plan"].$get({ param: { app, plan } })),
  });

export const targetsQuery = queryOptions({
  queryKey: ["targets"],
  queryFn: () => body(api.targets.$get()),
  refetchInterval: ({ state }) => (state.data?.items.some(pending) ? LOOK_AGAIN_MS : false),
});

export const registriesQuery = queryOptions({
  queryKey: ["registries"],
  queryFn: () => body(api.registries.$get()),
});

export const deployersQuery = infiniteQueryOptions({
  ...paged,
  queryKey: ["deployers"],
  queryFn: ({ pageParam }) => body(api.deployers.$get({ query: after(pageParam, 50) })),
});

/** Of an app, or with no name the account's. */
export const policyQuery = (app: string) =>
  queryOptions({ queryKey: ["policy", app], queryFn: () => body(api.policy.$get({ query: app === "" ? {} : { app } })) });

export const jobsQuery = queryOptions({ queryKey: ["jobs"], queryFn: () => body(api.jobs.$get({ query: { limit: 6 } })) });

export const activityQuery = queryOptions({
  queryKey: ["activity"],
  queryFn: () => body(api.activity.$get()),
  staleTime: 1_000,
});

export const usageQuery = queryOptions({ queryKey: ["usage"], queryFn: () => body(api.usage.$get()) });

export const billingQuery = queryOptions({ queryKey: ["billing"], queryFn: () => body(api.billing.$get()) });

export const plansQuery = queryOptions({
  queryKey: ["plans"],
  queryFn: () => body(api.plans.$get()),
  staleTime: Number.POSITIVE_INFINITY,
});

/** What changing to the plan would cost now. */
export const planChangeQuery = (plan: PricingPlanName) =>
  queryOptions({
    queryKey: ["plan-change", plan],
    queryFn: () => body(api.billing.plan.$post({ json: { plan, preview: true } })),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

export const invoicesQuery = infiniteQueryOptions({
  ...paged,
  queryKey: ["invoices"],
  queryFn: ({ pageParam }) => body(api.billing.invoices.$get({ query: after(pageParam, 12) })),
});

/** The state of the account after a visit to the payment page. */
export const paymentQuery = (session: string) =>
  queryOptions({
    queryKey: ["payment", session],
    queryFn: () => body(api.billing.refresh.$post({ json: { session } })),
  });

/** What a job changes. */
export const changedByJobs = [appsQuery, { queryKey: ["app"] }, targetsQuery, registriesQuery, jobsQuery, usageQuery].map(
  ({ queryKey }) => queryKey,
);
