import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useLocation } from "wouter-preact";
import { api } from "./api.ts";
import { forgetEntitlement } from "./billing/entitlement.ts";
import { meQuery } from "./queries.ts";
import { marked, unmark } from "./session.ts";

/** The person signed in; null when nobody is. `ask` false answers from memory alone, for pages anybody may see. */
export const useMe = (ask = true) => useQuery({ ...meQuery, enabled: ask || marked() });

/** Ends the session and forgets everything that was read with it. */
export function useSignOut() {
  const queries = useQueryClient();
  const [, go] = useLocation();
  return async () => {
    await api.auth.logout.$post();
    unmark();
    forgetEntitlement();
    queries.clear();
    queries.setQueryData(meQuery.queryKey, null);
    go("/");
  };
}
