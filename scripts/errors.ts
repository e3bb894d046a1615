import { writeFileSync } from "node:fs";
import { type CatalogueEntry, catalogue } from "@berth/domain/error.ts";
import { failures } from "@berth/domain/job/failure.ts";
import { own } from "../packages/cli/src/refusal.ts";

const anchor = (text: string) => `<a id="${text}"></a>`;
const commands = (next: readonly string[] = []) => next.map((command) => `\`${command}\``).join(", ");
const entry = (code: string, title: string, hint: string | undefined, next: readonly string[] | undefined) =>
  [
    `### \`${code}\``,
    anchor(code),
    title,
    hint?.replace("SUPPORT", "support (address: `berth whoami`)") ?? "",
    next ? `Try: ${commands(next)}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");

/** docs/errors.md: every code a request or a command can be refused with, and every class a job can fail with, as the catalogues say. */
export function errorsPage(): string {
  const refusals = Object.entries<CatalogueEntry>(catalogue).map(([code, { status, title, hint, next }]) =>
    entry(code, `${status}. ${title}.`, hint, next),
  );
  const mistakes = Object.entries<{ title: string; hint?: string; next?: readonly string[] }>(own)
    .filter(([code]) => !(code in catalogue))
    .map(([code, { title, hint, next }]) => entry(code, `${title}.`, hint, next));
  const endings = Object.entries(failures).map(([kind, { title, remedy }]) =>
    [`### ${kind}`, anchor(`failure-${kind}`), `${title}.`, remedy].join("\n\n"),
  );
  return `# Errors

Made from the catalogues in packages/domain/src/error.ts, packages/domain/src/job/failure.ts and packages/cli/src/refusal.ts by
scripts/errors.ts.

## Refusals

A request that is refused answers \`application/problem+json\` with one of these codes. A code never changes its meaning. The number is the
HTTP status; the CLI exits with 1, or with 4 for \`auth.required\`.

${refusals.join("\n\n")}

## Refusals of the command line

What \`berth\` refuses before the service is asked, or because it could not be. With \`--json\` it has the same form, without a status. It
exits with 1, or with 2 for \`cli.canceled\`.

${mistakes.join("\n\n")}

## Failures

A job that fails says which of these classes its failure is of, at which step and on which target. What the app or the server caused fails
at once; what may pass by itself is tried again after 1, 5 and 15 minutes.

${endings.join("\n\n")}
`;
}

if (import.meta.main) writeFileSync(new URL("../docs/errors.md", import.meta.url), errorsPage());
