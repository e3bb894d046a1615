// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const services = ["test/domain/plan-services.test.ts"];
const whole = ["test/domain/plan-target.test.ts"];
const risks = ["test/domain/plan-risks.test.ts"];

/** What a deployment is said to do before it does it. */
export const planner = [
  ...within(
    "packages/domain/src/plan/differences.ts",
    services,
    ["a service whose image changed is said to run on", ": image !== was)", ": false)"],
    ["a service that is switched off by its profile is said to be removed", " && !report.release.inactive?.has(service)", ""],
    [
      "what shares the network of a service that is made anew is said to run on",
      "(other.create > 0 && other.keep + other.start + other.restart === 0)",
      "false",
    ],
  ),
  ...within("packages/domain/src/plan/compared.ts", services, [
    "a note in the Compose file is said to replace its service",
    '!part.startsWith("x-")',
    'part !== "x-"',
  ]),
  ...within("packages/domain/src/plan/compose-rules.ts", services, [
    "on a server with an old Compose what depends on a replaced service is said to run on",
    "replacesDependents: !since([2, 29, 4])",
    "replacesDependents: false",
  ]),
  ...within("packages/domain/src/plan/resolved.ts", services, [
    "another folder of the server's is taken for the release's own",
    "value.startsWith(`${folder}/`)",
    'value.startsWith(folder.replace(/\\d+$/, ""))',
  ]),
  ...within("packages/domain/src/plan/images.ts", whole, [
    "a tag that moved is said to be on the server already",
    "return !([",
    "return isLatest && !([",
  ]),
  ...within(
    "packages/domain/src/plan/operations.ts",
    whole,
    ["a service that runs on is brought up too", ".filter(isTouched).map(", ".map("],
    ["what a release no longer has runs on", '  ...of("remove", remove),\n', ""],
    [
      "files are put in place before the images are known",
      '  whole("pin"),\n  whole("place"),\n',
      '  whole("place"),\n  whole("pin"),\n',
    ],
  ),
  ...within(
    "packages/domain/src/plan/operations.ts",
    ["test/domain/plan-operations.test.ts"],
    ["a network that somebody removed is not made again", 'names.includes(release.networks.get(key)?.name ?? "")', "false"],
    [
      "what depends on a service whose image moves runs on with the old one",
      ".some((other) => open.has(other))",
      ".some(() => false)",
    ],
  ),
  ...within("packages/domain/src/plan/hash.ts", whole, [
    "a plan may be applied no more because some disk was used meanwhile",
    "disk: [disk.neededMb, isEnough(disk)]",
    "disk",
  ]),
  ...within("packages/domain/src/plan/stale.ts", whole, [
    "what has come to be at risk since the plan is not said",
    '...said(planned.risks, now.risks, ({ message }) => message, "Data at risk"),',
    "",
  ]),
  ...within("packages/domain/src/plan/host-path.ts", risks, [
    "a folder of the server's is mounted without a word",
    'return [["host-path", source]];',
    "return [];",
  ]),
  ...within(
    "packages/domain/src/plan/risks.ts",
    risks,
    [
      "PostgreSQL goes to another major version without a word",
      'order !== 0 && will.reads === "own"',
      'order > 0 && will.reads === "own"',
    ],
    [
      "a volume that gets another name is left behind without a word",
      "if (renamed === name) continue;",
      "if (renamed !== undefined) continue;",
    ],
  ),
  ...within(
    "packages/domain/src/plan/decide.ts",
    ["test/api/planned-deployments.test.ts"],
    ["a job's page tells of access that its policy allows", "planned: kept({ ...plan, dangers: told })", "planned: kept(plan)"],
    ["a plan of any size goes with an event", "JSON.stringify(plan).length <= KEPT_MOST ? plan : undefined", "plan"],
  ),
];
