import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { TestApi } from "../support/api.ts";
import { launchBrowser } from "./browser.ts";
import { type Dashboard, serveDashboard } from "./dashboard.ts";

/** Chromium and the dashboard over an API, from before the first test of a file to after its last. Call it at the top of the file. */
export function useSite(api: TestApi): { readonly browser: Browser; readonly url: string } {
  let browser: Browser;
  let dashboard: Dashboard;
  beforeAll(async () => {
    [browser, dashboard] = await Promise.all([launchBrowser(), serveDashboard(api)]);
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
    api.close();
  });
  return {
    get browser() {
      return browser;
    },
    get url() {
      return dashboard.url;
    },
  };
}
