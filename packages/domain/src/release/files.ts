import type { RunFile } from "../remote/remote.ts";
import type { Bundle } from "./release.ts";

/** An env file that Compose reads back unchanged. Values with a single quote or a trailing backslash are double-quoted. */
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

export const filesOf = (bundle: Bundle): RunFile[] => [
  { path: "compose.yaml", content: bundle.compose },
  { path: ".env", content: envFile(bundle.variables) },
  ...bundle.files.map((file) => ({
    path: file.path,
    content: Buffer.from(file.content, "base64"),
    ...(file.executable && { executable: true }),
  })),
];
