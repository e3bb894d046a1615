import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApi } from "../support/api.ts";

/** A person with a browser: a page of their own, and everything it complained of. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the console, thrown by scripts, or reported by the content security policy. Answers of the API that refuse are none. */
  readonly complaints: string[];
  /** Dialogs that scripts opened: there must never be one. */
  readonly dialogs: string[];
  close(): Promise<void>;
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Where the person is. */
  readonly zone?: string;
}

/** Chrome's own line for every answer from 400 on; what it means is asserted where it is expected. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d/;

export async function visit(browser: Browser, url: string, look: Look = {}): Promise<Visitor> {
  const { width = 1280, height = 900, dark = false, zone = "UTC" } = look;
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: zone,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const dialogs: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !REFUSED.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  return { page, context, complaints, dialogs, close: () => context.close() };
}

const sessions = new WeakMap<TestApi, Map<string, string>>();

/** Somebody's session, signed in once: codes are not mailed as often as pages are looked at. */
async function sessionOf(api: TestApi, email: string): Promise<string> {
  const known = sessions.get(api) ?? new Map<string, string>();
  sessions.set(api, known);
  const session = known.get(email) ?? (await api.signIn(email));
  known.set(email, session);
  return session;
}

/** Puts somebody's session into the browser, as signing in would have. */
export async function enter(visitor: Visitor, api: TestApi, url: string, email: string): Promise<void> {
  const value = await sessionOf(api, email);
  await visitor.context.addCookies([{ name: "berth", value, url, httpOnly: true, sameSite: "Lax" }]);
  await visitor.page.addInitScript(() => localStorage.setItem("berth.signed-in", "yes"));
}

/** Somebody who is signed in. */
export async function visitAs(
  email: string,
  api: TestApi,
  { browser, url }: { readonly browser: Browser; readonly url: string },
  look?: Look,
): Promise<Visitor> {
  const visitor = await visit(browser, url, look);
  await enter(visitor, api, url, email);
  return visitor;
}

/** Ends a visit. @throws where the page complained of something, or opened a dialog */
export async function finish({ complaints, dialogs, close }: Visitor): Promise<void> {
  await close();
  expect({ complaints, dialogs }).toEqual({ complaints: [], dialogs: [] });
}
