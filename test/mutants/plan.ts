// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const services = ["test/domain/plan-services.test.ts"];
const whole = ["test/domain/plan-target.test.ts"];
const risks = ["test/domain/plan-risks.test.ts"];
const access = ["test/domain/plan-access.test.ts"];

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
  ...within(
    "packages/domain/src/plan/host-path.ts",
    access,
    ["a folder of the server's is mounted without a word", 'return [["host-path", source]];', "return [];"],
    ["the socket of another engine is a folder like any other", "(docker|podman|containerd)", "(docker)"],
    ["the clock's settings are written without a word", "(isRead && harmless.includes(source))", "harmless.includes(source)"],
  ),
  ...within(
    "packages/domain/src/plan/dangers.ts",
    access,
    ["a container has all rights without a word", "service.privileged ? [[", "service.privileged === null ? [["],
    [
      "a command that is given before a container stops has all rights without a word",
      "[service.post_start, service.pre_start, service.pre_stop]",
      "[service.post_start, service.pre_start]",
    ],
    ["a container is in the server's IPC namespace without a word", '    "shared memory": ipc,\n', ""],
    ["a container is in the server's cgroup namespace without a word", "    cgroup,\n  })", "  })"],
    ["the server's network is joined as a network without a word", 'isHost ? "host" : network_mode', "network_mode"],
    [
      "devices are given by a rule without a word",
      '    ...(service.device_cgroup_rules ?? []).map((rule) => ["device", rule] as const),\n',
      "",
    ],
    [
      "a capability is added without a word",
      '    ...(service.cap_add ?? []).map((capability) => ["capability", capability] as const),\n',
      "",
    ],
    ["a config is a file of the server's without a word", "    ...used(service.configs).map((name) => configs.get(name)),\n", ""],
    ["a disk of the server's is mounted as a volume without a word", "|cifs|smb3?|tmpfs)", "|cifs|smb3?|tmpfs|ext4)"],
  ),
  ...within(
    "packages/domain/src/plan/build-dangers.ts",
    access,
    ["a build has all rights without a word", ' || entitlements.includes("security.insecure")', ""],
    ["a build uses the server's network without a word", 'build.network === "host" || ', ""],
    ["a build reads a folder of the server's as its cache without a word", "...list(build.cache_from), ", ""],
  ),
  ...within(
    "packages/domain/src/entitlement/policy.ts",
    ["test/api/policy.test.ts"],
    ["an app's rule makes the account's weaker", "rules.indexOf(b) - rules.indexOf(a)", "rules.indexOf(a) - rules.indexOf(b)"],
    ["where no rule is set nothing is told", '?? "warn"', '?? "allow"'],
    ["--allow gives what the policy denies", 'policy[access] === "ask" && allowed', 'policy[access] !== "warn" && allowed'],
    ["--allow NAME gives everything that is asked about", "allowed.includes(access)", "allowed.length > 0"],
    ["what the policy denies is only told", 'rule !== "warn")', 'rule !== "warn" && rule !== "deny")'],
    ["what the policy asks about is only told", 'rule !== "warn")', 'rule !== "warn" && rule !== "ask")'],
    [
      "what the policy allows is told",
      'rule !== "warn")',
      'rule !== "warn" && rule !== "allow")',
      "test/api/planned-deployments.test.ts",
    ],
  ),
  ...within(
    "packages/domain/src/plan/risks.ts",
    risks,
    [
      "PostgreSQL goes to another major version without a word",
      'order !== 0 && will.reads === "own"',
      'order > 0 && will.reads === "own"',
    ],
    [
      "a database that is replaced may have no volume without a word",
      "will?.database && create + replace > 0",
      "will?.database && create > 0",
    ],
    [
      "a database goes back to an older version without a word",
      'order > 0 && will.reads === "older"',
      'order > 100 && will.reads === "older"',
    ],
    ["PostgreSQL gets another order of texts without a word", "was.isAlpine !== will.isAlpine", "was.isAlpine && !will.isAlpine"],
    ["a database looks in another folder without a word", "old.below === now.below)", "old.below !== now.below)"],
    ["a volume is left behind without a word", "} else if (!used.has(name))", "} else if (used.has(name))"],
    ["a volume of a service that is gone is left behind without a word", "if (was) volumes(", "if (was && will) volumes("],
    [
      "a volume that gets another name is left behind without a word",
      "if (renamed === name) continue;",
      "if (renamed !== undefined) continue;",
    ],
  ),
  ...within(
    "packages/domain/src/plan/decide.ts",
    ["test/api/policy.test.ts"],
    [
      "what Compose alone can tell is taken where the policy asks",
      '["ask", "deny"].includes(asked.policy["host-path"])',
      'asked.policy["host-path"] === "deny"',
    ],
    ["a secret is told as part of a path", "what: redact(each.what)", "what: each.what"],
    [
      "files that Compose reads are under no policy",
      "const dangers = [...plan.dangers, ...read];",
      "const dangers = [...plan.dangers, ...read.slice(99)];",
    ],
  ),
  ...within(
    "packages/domain/src/plan/decide.ts",
    ["test/api/planned-deployments.test.ts"],
    ["a job's page tells of access that its policy allows", "planned: kept({ ...plan, dangers: told })", "planned: kept(plan)"],
    ["a plan of any size goes with an event", "JSON.stringify(plan).length <= KEPT_MOST ? plan : undefined", "plan"],
  ),
];
