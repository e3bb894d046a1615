import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { refusedAs } from "./api.ts";
import { App } from "./app.tsx";
import { meQuery } from "./queries.ts";
import { unmark } from "./session.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./ui/shell.css";
import "./ui/page.css";
import "./ui/toast.css";
import "./ui/button.css";
import "./ui/field.css";
import "./ui/card.css";
import "./ui/tag.css";
import "./ui/status.css";
import "./ui/facts.css";
import "./ui/refusal.css";
import "./ui/loaded.css";
import "./ui/rows.css";
import "./ui/table.css";
import "./ui/lazy.css";
import "./ui/copy.css";
import "./ui/fold.css";
import "./ui/dialog.css";
import "./ui/log.css";
import "./home/home.css";
import "./home/landing.css";
import "./home/next-steps.css";
import "./home/quay.css";
import "./app/app-row.css";
import "./app/app.css";
import "./app/containers.css";
import "./target/fingerprint.css";
import "./target/target-card.css";
import "./target/targets.css";
import "./plan/planned-targets.css";
import "./registry/registries.css";
import "./deployer/deployers.css";
import "./policy/policy.css";
import "./job/failure-panel.css";
import "./job/job.css";
import "./job/rollout-column.css";
import "./job/unfinished-jobs.css";
import "./billing/banner.css";
import "./billing/billing.css";
import "./billing/plan-card.css";
import "./billing/pricing.css";
import "./errors/errors.css";
import "./auth/code-field.css";
import "./auth/device.css";
import "./auth/login.css";
import "./audit/audit.css";
import "./token/new-token.css";
import "./token/scopes.css";

/** A session that has ended anywhere has ended everywhere. */
function onError(error: unknown): void {
  if (!refusedAs(error, "auth.required")) return;
  unmark();
  queries.setQueryData(meQuery.queryKey, null);
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 3_000,
      retry: (count, error) => count < 2 && refusedAs(error, "offline", "service.busy"),
    },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
render(
  <QueryClientProvider client={queries}>
    <App />
  </QueryClientProvider>,
  root,
);
