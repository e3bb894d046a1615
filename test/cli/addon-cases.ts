import { type Case, gone } from "./command-case.ts";

/** In an order in which each finds what it needs. */
export const addonCases: Readonly<Record<string, Case>> = {
  "addon add": {
    args: ["postgres", "--version", "16", "--service", "web"],
    text: /✓ shop \(production\) has postgres from its next deployment on[\s\S]*PostgreSQL 16[\s\S]*DATABASE_URL +postgres:\/\/app:<BERTH_ADDON_POSTGRES_PASSWORD>@/,
    members: ["name", "kind", "version", "variables", "volume"],
    refused: { args: ["redis", "--app", "gone"], code: "app.not_found" },
  },
  "addon list": { args: [], text: /postgres +PostgreSQL 16 +DATABASE_URL/, members: ["items"], refused: gone },
  "addon show": {
    args: ["postgres"],
    text: /PGPASSWORD +<BERTH_ADDON_POSTGRES_PASSWORD>/,
    members: ["name", "variables"],
    refused: { args: ["redis"], code: "addon.not_found" },
  },
  "addon set": {
    args: ["postgres", "--memory", "512m", "--all-services"],
    text: /Memory +at most 512m\n[\s\S]*For +every service/,
    members: ["name", "memory"],
    refused: { args: ["redis", "--memory", "1g"], code: "addon.not_found" },
  },
  "addon remove": {
    args: ["postgres", "--yes"],
    text: /✓ shop has no postgres[\s\S]*no data/,
    members: ["name", "kept"],
    refused: { args: ["nats", "--yes"], code: "addon.not_found" },
  },
};
