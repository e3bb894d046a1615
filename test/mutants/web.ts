// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const follow = ["test/web/follow.test.ts"];

/** The dashboard. Most are caught without a browser. */
export const web = [
  ...within(
    "packages/web/src/session.ts",
    follow,
    ["a link of a stranger leads away after signing in", "if (!next || LEADS_AWAY.test(next)) return", "if (!next) return"],
    ["a link of a stranger leads away through dots in it", 'LEADS_AWAY.test(pathname) ? "/" :', 'LEADS_AWAY.test("") ? "/" :'],
  ),
  ...within(
    "packages/web/src/job/follow.ts",
    follow,
    [
      "a line that comes again is shown twice",
      "filter(({ target, seq }) => !known.seen.has(`${target}:${seq}`))",
      "filter(({ target, seq }) => !known.seen.has(`${target}:${seq}:`))",
    ],
    ["nobody is told that lines were dropped", "dropped: known.dropped + over,", "dropped: known.dropped,"],
  ),
  ...within(
    "packages/web/src/job/steps.ts",
    follow,
    [
      "the steps of a run that failed stand before those of the next try",
      "begun < 0 ? events : events.slice(begun)",
      "begun < 0 ? [] : events",
    ],
    ["a step that runs is shown as ended", "const end = next ?? (over ? last : undefined);", "const end = next ?? last;"],
    [
      "the step that failed is not marked",
      "failedStep ? name === failedStep : !next",
      "failedStep ? name === `${failedStep} ` : !next",
    ],
  ),
  ...within(
    "packages/web/src/target/target.ts",
    follow,
    [
      "a key with a quote in it becomes a command on the server",
      'publicKey.replaceAll("\'", "")',
      'publicKey.replaceAll(\'"\', "")',
    ],
    [
      "a server that was not reached is said to be read",
      'if (target.status === "untrusted" && target.problem)',
      'if (target.status === "unready" && target.problem)',
    ],
  ),
  ...within("packages/api-client/src/entitlement.ts", follow, [
    "a word that nobody knows locks the pages",
    "if (state === undefined) return undefined;",
    'if (state === undefined) return { state: "restricted" };',
  ]),
  ...within("packages/web/src/auth/device-code.ts", follow, [
    "a code that was typed in small letters is refused",
    ".toUpperCase()",
    "",
  ]),
  ...within(
    "packages/web/src/headers.ts",
    ["test/web/policy.test.ts"],
    ["a script in a page's text would run", "\"script-src 'self'\"", "\"script-src 'self' 'unsafe-inline'\""],
    ["a page elsewhere lays ours under its own", "    \"frame-ancestors 'none'\",\n", ""],
  ),
  ...within(
    "packages/web/src/ui/log.tsx",
    ["test/web/policy.test.ts"],
    [
      "a container's line becomes part of the page",
      '<span class="line-text">{text}</span>',
      '<span class="line-text" dangerouslySetInnerHTML={{ __html: text ?? "" }} />',
    ],
  ),
  ...within(
    "packages/web/src/app/reading.ts",
    ["test/web/reading.test.ts"],
    [
      "logs that are followed end where the service forgot them",
      'if (wish.follow && id !== undefined && refusedAs(error, "log.not_found"))',
      'if (!wish.follow && id !== undefined && refusedAs(error, "log.not_found"))',
    ],
    [
      "what was said meanwhile is left out",
      "lastAt = page.items.at(-1)?.at ?? lastAt;",
      "lastAt = page.items.at(-2)?.at ?? lastAt;",
    ],
  ),
  ...within(
    "packages/web/src/app/app-row.tsx",
    ["test/web/status.test.ts"],
    [
      "an app that is stopped is shown as running",
      'stopped: { tone: "bad", word: "Stopped" }',
      'stopped: { tone: "good", word: "Running" }',
    ],
    [
      "an app that nobody has seen is shown as running",
      "if (environment.seenAt === null) return",
      'if (environment.name === "") return',
      "test/web/status.test.ts",
    ],
  ),
  ...within(
    "packages/web/src/app/releases.tsx",
    ["test/web/app.test.ts"],
    ["a rollback is offered that is refused", "{release.rollback.possible && (", "{release.rollback && ("],
  ),
  ...within(
    "packages/web/src/plan/plan-of-job.tsx",
    ["test/web/plan.test.ts"],
    ["a plan that was overtaken is offered to be applied", "now.release >= release", "now.release > release"],
    ["a plan that the policy denies is offered to be applied", 'ruled("deny").length > 0', 'ruled("deny").length > 9'],
    ["what a plan has to be told besides is not said", 'ruled("ask").map(', 'ruled("allow").map('],
  ),
  ...within(
    "packages/web/src/registry/add-registry.tsx",
    ["test/web/registries.test.ts"],
    ["a password is shown as it is typed", 'type: "password", ', ""],
    ["a registry is stored by an address that no image has", "hostOf(host)", "host.trim()"],
  ),
  ...within(
    "packages/domain/src/entitlement/access-words.ts",
    ["test/web/rules.test.ts"],
    ["an app's milder rule is said to hold", "if (app?.[access] === effective[access])", "if (app?.[access] !== undefined)"],
  ),
  ...within(
    "packages/web/src/deployer/workflow.ts",
    ["test/web/deployers.test.ts"],
    ["a workflow for a tag starts for a branch", '"tags" ? "tags"', '"tags" ? "branches"'],
    ["an environment's name becomes other YAML", "PLAIN.test(text) ? text : JSON.stringify(text)", "text"],
  ),
];
