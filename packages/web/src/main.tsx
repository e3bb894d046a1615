import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { refusedAs } from "./api.ts";
import { App } from "./app.tsx";
import { meQuery } from "./queries.ts";
import { unmark } from "./session.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./ui/shell.css";
import "./billing/banner.css";
import "./ui/page.css";
import "./home/landing.css";
import "./ui/toast.css";
import "./ui/button.css";
import "./ui/field.css";
import "./styles/card.css";
import "./ui/status.css";
import "./styles/facts.css";
import "./ui/refusal.css";
import "./ui/loaded.css";
import "./styles/rows.css";
import "./styles/table.css";
import "./ui/lazy.css";
import "./ui/copy.css";
import "./ui/dialog.css";
import "./home/home.css";
import "./app/app.css";
import "./target/target.css";
import "./job/job.css";
import "./ui/log.css";
import "./billing/billing.css";
import "./errors/errors.css";

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
