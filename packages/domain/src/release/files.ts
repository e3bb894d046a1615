import type { RunFile } from "../remote/remote.ts";
import type { Bundle } from "./release.ts";

/**
 * A file of variables that Docker Compose reads back to the same names and values. Single quotes keep everything as it is but a single quote
 * and a backslash at the end; the rest is escaped in double quotes.
 */
export function envFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name.startsWith("export") ? "export " : ""}${name}=${quote(value)}\n`)
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
export const filesOf = (bundle: Bundle): RunFile[] => [
  { path: "compose.yaml", content: bundle.compose },
  { path: ".env", content: envFile(bundle.variables) },
  ...bundle.files.map((file) => ({
    path: file.path,
    content: Buffer.from(file.content, "base64"),
    ...(file.executable && { executable: true }),
  })),
];
