import { writeFileSync } from "node:fs";
import { GRACE_DAYS } from "@berth/domain/billing/standing/derive.ts";
import { type Entitlement, permits } from "@berth/domain/entitlement/permission.ts";
import { matrix } from "../functions/api/document.ts";

const states: readonly Entitlement[] = ["active", "grace", "restricted", "none"];

/** docs/permissions.md: what may be done in which state of the bill, as the table in the code says. */
export function permissionsPage(): string {
  const permissions = matrix();
  const rows = permissions.map((each) => {
    const what = each.what + ("note" in each ? ` (${each.note})` : "");
    return `| ${[what, ...states.map((state) => (permits(each.action, state) ? "yes" : "no"))].join(" | ")} |`;
  });
  const operations = permissions.map(({ what, operations: of }) => `- ${what}: ${of.map((name) => `\`${name}\``).join(", ")}`);
  return `# What may be done when

Made from packages/domain/src/entitlement/permission.ts and the contracts of the routes by scripts/permissions.ts.

\`none\` is who never paid, \`active\` who has paid, \`grace\` who has a bill open for less than ${GRACE_DAYS} days, \`restricted\` who has had one open for longer,
has paused or has ended. At the very second at which grace ends it is restricted; nothing has to run for that. Apps that run are
left alone in every state.

| | ${states.join(" | ")} |
| --- | ${states.map(() => "---").join(" | ")} |
${rows.join("\n")}

A refusal is a \`402\` with one of the codes \`billing.required\`, \`billing.grace\`, \`billing.restricted\` and \`billing.hold\`, the date where there is one and the
address where it is fixed (\`fix_url\`). It is given when the request is made and again when a job that waited begins.

## Operations

${operations.join("\n")}
`;
}

if (import.meta.main) writeFileSync(new URL("../docs/permissions.md", import.meta.url), permissionsPage());
