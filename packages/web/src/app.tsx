import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Redirect, Route, Switch, useLocation, useSearch } from "wouter-preact";
import { Login } from "./auth/login.tsx";
import { Landing } from "./home/landing.tsx";
import { useMe } from "./me.ts";
import { marked } from "./session.ts";
import { lazy } from "./ui/lazy.tsx";
import { Loaded } from "./ui/loaded.tsx";
import { Page } from "./ui/page.tsx";
import { Shell } from "./ui/shell.tsx";

const Account = lazy(() => import("./account/account.tsx").then((page) => page.Account));
const AppPage = lazy(() => import("./app/app.tsx").then((page) => page.AppPage));
const Audit = lazy(() => import("./audit/audit.tsx").then((page) => page.Audit));
const Billing = lazy(() => import("./billing/billing.tsx").then((page) => page.Billing));
const BillingReturn = lazy(() => import("./billing/return.tsx").then((page) => page.BillingReturn));
const Device = lazy(() => import("./auth/device.tsx").then((page) => page.Device));
const Errors = lazy(() => import("./errors/errors.tsx").then((page) => page.Errors));
const Home = lazy(() => import("./home/home.tsx").then((page) => page.Home));
const JobPage = lazy(() => import("./job/job.tsx").then((page) => page.JobPage));
const Plans = lazy(() => import("./billing/plans.tsx").then((page) => page.Plans));
const Pricing = lazy(() => import("./billing/pricing.tsx").then((page) => page.Pricing));
const Targets = lazy(() => import("./target/targets.tsx").then((page) => page.Targets));
const Tokens = lazy(() => import("./token/tokens.tsx").then((page) => page.Tokens));

const signedInPages = [Home, AppPage, JobPage, Targets, Tokens, Audit, Billing, BillingReturn, Plans, Account, Device];

/** Fetches what somebody who is signed in may look at next. What fails is asked for again when it is looked at. */
const prefetch = () => void Promise.allSettled(signedInPages.map((page) => page.prefetch()));
if (marked()) prefetch();

/** Every address of the dashboard. */
export function App() {
  const signedIn = Boolean(useMe(false).data);
  useEffect(() => {
    if (signedIn) prefetch();
  }, [signedIn]);
  return (
    <Shell>
      <Switch>
        <Route path="/">{() => <Front />}</Route>
        <Route path="/login">{() => <Login />}</Route>
        <Route path="/pricing">{() => <Pricing />}</Route>
        <Route path="/errors">{() => <Errors />}</Route>
        <Route path="/plans">{() => <Private page={() => <Plans />} />}</Route>
        <Route path="/billing">{() => <Private page={() => <Billing />} />}</Route>
        <Route path="/billing/return">{() => <Private page={() => <BillingReturn />} />}</Route>
        <Route path="/apps/:app">{({ app }) => <Private page={() => <AppPage key={app} name={app} />} />}</Route>
        <Route path="/jobs/:job">{({ job }) => <Private page={() => <JobPage key={job} id={job} />} />}</Route>
        <Route path="/targets">{() => <Private page={() => <Targets />} />}</Route>
        <Route path="/tokens">{() => <Private page={() => <Tokens />} />}</Route>
        <Route path="/device">{() => <Private page={() => <Device />} />}</Route>
        <Route path="/account">{() => <Private page={() => <Account />} />}</Route>
        <Route path="/audit">{() => <Private page={() => <Audit />} />}</Route>
        <Route>
          <Page title="There is no such page" narrow>
            <p>
              The address may be mistyped. <a href="/">The front page</a> leads everywhere.
            </p>
          </Page>
        </Route>
      </Switch>
    </Shell>
  );
}

function Front() {
  const me = useMe(false);
  if (me.data) return <Home />;
  if (me.data === null || !marked()) return <Landing />;
  return (
    <Page title="Apps" placeholder>
      <Loaded query={me}>{() => null}</Loaded>
    </Page>
  );
}

/** A page for those who are signed in; others sign in first and then come back to it. */
function Private({ page }: { page: () => ComponentChildren }) {
  const me = useMe();
  const [path] = useLocation();
  const search = useSearch();
  if (me.data) return <>{page()}</>;
  if (me.data === null) return <Redirect to={`/login?next=${encodeURIComponent(search ? `${path}?${search}` : path)}`} replace />;
  return (
    <Page title="One moment" placeholder>
      <Loaded query={me}>{() => null}</Loaded>
    </Page>
  );
}
