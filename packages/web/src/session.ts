/**
 * Whether somebody is signed in here. The cookie is HttpOnly, so a mark in local storage remembers that there is one: without it a visitor's
 * first page asks nothing. The mark gives no right; the API decides.
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

const LEADS_AWAY = /^(?!\/)|^\/[/\\]|[\u0000-\u001f\\]/;

/** A path of our own to go to after signing in; anything that could lead elsewhere is the front page. */
export function safeNext(next: string | null | undefined): string {
  if (!next || LEADS_AWAY.test(next)) return "/";
  const { pathname, search, hash } = new URL(next, "http://berth.invalid");
  return LEADS_AWAY.test(pathname) ? "/" : pathname + search + hash;
}
