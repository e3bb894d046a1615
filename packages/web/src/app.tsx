import type { ComponentChildren } from "preact";
import { Redirect, Route, Switch, useLocation, useSearch } from "wouter-preact";
import { Account } from "./account/account.tsx";
import { AppPage } from "./app/app.tsx";
import { Audit } from "./audit/audit.tsx";
import { Device } from "./auth/device.tsx";
import { Login } from "./auth/login.tsx";
import { Billing } from "./billing/billing.tsx";
import { Plans } from "./billing/plans.tsx";
import { Pricing } from "./billing/pricing.tsx";
import { BillingReturn } from "./billing/return.tsx";
import { Errors } from "./errors/errors.tsx";
import { Home } from "./home/home.tsx";
import { Landing } from "./home/landing.tsx";
import { JobPage } from "./job/job.tsx";
import { useMe } from "./me.ts";
import { marked } from "./session.ts";
import { Targets } from "./target/targets.tsx";
import { Tokens } from "./token/tokens.tsx";
import { Loaded } from "./ui/loaded.tsx";
import { Page } from "./ui/page.tsx";
import { Shell } from "./ui/shell.tsx";

/** Every address of the dashboard. */
export function App() {
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
