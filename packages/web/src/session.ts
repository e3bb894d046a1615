import { body } from "@berth/api-client/client.ts";
import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useLocation } from "wouter-preact";
import { api, refusedAs } from "./api.ts";
import { forgetEntitlement } from "./billing/entitlement.ts";

/**
 * Who is signed in. The cookie is HttpOnly, so a mark in local storage remembers that there is one: without it a visitor's first page asks
 * nothing. The mark gives no right; the API decides.
 */
const MARK = "berth.signed-in";

const storage = (): Storage | undefined => {
  try {
    return window.localStorage;
  } catch {
    return undefined; // refused by the browser's settings: every page then asks
  }
};

export const marked = () => storage()?.getItem(MARK) === "yes";
export const mark = () => storage()?.setItem(MARK, "yes");
export const unmark = () => storage()?.removeItem(MARK);

export const meKey = ["me"];

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

/** The person signed in; null when nobody is. `ask` false answers from memory alone, for pages anybody may see. */
export const useMe = (ask = true) => useQuery({ queryKey: meKey, queryFn: whoAmI, enabled: ask || marked(), staleTime: 60_000 });

const LEADS_AWAY = /^(?!\/)|^\/[/\\]|[\u0000-\u001f\\]/;

/** A path of our own to go to after signing in; anything that could lead elsewhere is the front page. */
export function safeNext(next: string | null | undefined): string {
  if (!next || LEADS_AWAY.test(next)) return "/";
  const { pathname, search, hash } = new URL(next, "http://berth.invalid");
  return LEADS_AWAY.test(pathname) ? "/" : pathname + search + hash;
}

/** Ends the session and forgets everything that was read with it. */
export function useSignOut() {
  const queries = useQueryClient();
  const [, go] = useLocation();
  return async () => {
    await api.auth.logout.$post();
    unmark();
    forgetEntitlement();
    queries.clear();
    queries.setQueryData(meKey, null);
    go("/");
  };
}
