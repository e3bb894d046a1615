import { browserName } from "@berth/domain/auth/browser.ts";
import { expect, test } from "vitest";

const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const kit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const chromium = "AppleWebKit/537.36 (KHTML, like Gecko)";

test.each([
  [`Mozilla/5.0 (X11; Linux x86_64) ${chromium} HeadlessChrome/142.0.0.0 Safari/537.36`, "Chrome 142 on Linux"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chromium} Chrome/142.0.0.0 Safari/537.36 Edg/141.0.0.0`, "Edge 141 on Windows"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chromium} Chrome/142.0.0.0 Safari/537.36 OPR/120.0.0.0`, "Opera 120 on Windows"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145 on Linux"],
  [`${mac} ${kit} Version/26.1 Safari/605.1.15`, "Safari 26 on macOS"],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) ${kit} Version/26.1 Mobile/15E148 Safari/604.1`,
    "Safari 26 on iPhone",
  ],
  [`Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) ${kit} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1`, "Chrome 142 on iPad"],
  [`Mozilla/5.0 (Linux; Android 10; K) ${chromium} Chrome/142.0.0.0 Mobile Safari/537.36`, "Chrome 142 on Android"],
  ["curl/8.14.1", "curl/8.14.1"],
  ["Mozilla/5.0 (compatible; Somebot/2.1)", "Mozilla/5.0 (compatible; Somebot/2.1)"],
  ["", ""],
])("a browser is called what people call it: %s", (agent, name) => {
  expect(browserName(agent)).toBe(name);
});
