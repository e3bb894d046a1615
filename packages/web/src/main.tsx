import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";
import { refusedAs } from "./api.ts";
import { App } from "./app.tsx";
import { meQuery } from "./queries.ts";
import { unmark } from "./session.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/form.css";
import "./styles/parts.css";
import "./styles/rows.css";
import "./styles/table.css";
import "./styles/pieces.css";
import "./styles/home.css";
import "./styles/app.css";
import "./styles/target.css";
import "./styles/job.css";
import "./styles/billing.css";
import "./styles/errors.css";

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
