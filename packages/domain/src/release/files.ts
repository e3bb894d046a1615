import type { RunFile } from "../remote/remote.ts";
import { largeLines } from "./large.ts";
import { type Bundle, COMPOSE_FILE, type Release } from "./release.ts";

/** An env file that Compose reads back unchanged. Values with a single quote or a trailing backslash are double-quoted. */
export function envFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name.startsWith("export") ? "export " : ""}${name}=${quote(value)}\n`)
    .join("");
}

/** Read by Compose after all other files: a service whose image is named is neither built nor kept from being pulled. */
const imagesFile = (given: Release["services"]): RunFile[] =>
  given.length === 0
    ? []
    : [
        {
          path: ".berth-images.yaml",
          content: `services:\n${given
            .map(
              ({ name, image }) =>
                `  ${JSON.stringify(name)}:\n    image: ${JSON.stringify(image)}\n    build: !reset null\n    pull_policy: !reset null\n`,
            )
            .join("")}`,
        },
      ];

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

export const filesOf = (
  { services }: Pick<Release, "services">,
  bundle: Readonly<Pick<Bundle, "compose" | "variables">> & { readonly files: readonly Bundle["files"][number][] },
): RunFile[] => [
  ...(bundle.compose === undefined ? [] : [{ path: COMPOSE_FILE, content: bundle.compose }]),
  { path: ".env", content: envFile(bundle.variables) },
  ...imagesFile(services.filter(({ given }) => given)),
  ...bundle.files.map((file) => ({
    path: file.path,
    content: Buffer.from(file.content, "base64"),
    ...(file.executable && { executable: true }),
  })),
];

/** What a run is told of a bundle besides its files. */
export const bundleValues = ({ composeFiles, large }: Bundle): Readonly<Record<string, string>> => ({
  ...(composeFiles && { compose_files: `${composeFiles.join("\n")}\n` }),
  ...(large && { large: largeLines(large.files) }),
});

/** Their names alone: whether anything has to be built depends on what the live release was built from. */
export const builtFrom = ({ archives = [] }: Bundle): Readonly<Record<string, string>> =>
  archives.length > 0 ? { archives: archives.map(({ hash }) => `${hash}\n`).join("") } : {};
