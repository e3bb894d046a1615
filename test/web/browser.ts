import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

// Debian's wrapper script first asks the desktop questions that do not matter here.
const places = ["/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--font-render-hinting=none",
];

/** One at a time: whoever waited for another finds it done. */
const INSTALL =
  "test -e /usr/lib/chromium/chromium || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }";

/** Where Chromium is; installed from Debian's packages where it is missing and we may. */
function findChromium(): string {
  const found = places.find(existsSync);
  if (found) return found;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get"))
    throw new Error("Chromium is missing: install it (Debian: apt-get install chromium), then run this again");
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  execFileSync("flock", ["/tmp/berth-chromium.lock", "sh", "-c", INSTALL], options);
  return findChromium();
}

/** A real browser with an empty profile of its own. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: flags, headless: true, timeout: 60_000 });
