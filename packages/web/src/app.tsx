import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Redirect, Route, Switch, useLocation, useSearch } from "wouter-preact";
import { Login } from "./auth/login.tsx";
import { Landing } from "./home/landing.tsx";
import { useMe } from "./me.ts";
import { Home, signedInPages } from "./pages.ts";
import { marked } from "./session.ts";
import { lazy } from "./ui/lazy.tsx";
import { Loaded } from "./ui/loaded.tsx";
import { Page } from "./ui/page.tsx";
import { Shell } from "./ui/shell.tsx";

const Errors = lazy(() => import("./errors/errors.tsx").then((page) => page.Errors));
const Pricing = lazy(() => import("./billing/pricing.tsx").then((page) => page.Pricing));

/** Fetches what somebody who is signed in may look at next. What fails is asked for again when it is looked at. */
const prefetch = () => void Promise.allSettled([Home, ...signedInPages.map(({ Page }) => Page)].map((page) => page.prefetch()));
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
        {signedInPages.map(({ path, Page: SignedIn }) => (
          <Route key={path} path={path}>
            {(parts) => <Private page={() => <SignedIn key={parts[0]} {...parts} />} />}
          </Route>
        ))}
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
