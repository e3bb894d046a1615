import type { Bundle, Release } from "../release/release.ts";
import type { RunFile } from "../remote/remote.ts";

/** A variables file as Docker Compose reads it: single quotes keep everything but a single quote as it is; the rest is escaped in double quotes. */
export function envFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join("");
}

function quote(value: string): string {
  if (!value.includes("'") && !value.endsWith("\\")) return `'${value}'`;
  const escaped = value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("$", "\\$")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

/** Everything of a release that goes to a server. */
export const filesOf = (release: Release, bundle: Bundle): RunFile[] => [
  { path: "compose.yaml", content: bundle.compose },
  { path: ".env", content: envFile(bundle.variables) },
  { path: "release.json", content: `${JSON.stringify(release, null, 2)}\n` },
  ...bundle.files.map((file) => ({ path: file.path, content: Buffer.from(file.content, "base64") })),
];
