import { readFileSync } from "node:fs";

/** Set when the program is built. */
declare const BERTH_VERSION: string | undefined;

export const version = (): string =>
  typeof BERTH_VERSION === "string"
    ? BERTH_VERSION
    : String(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version);
