// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const network = ["test/cli/network.test.ts"];
const bad = ["test/cli/bad-network.test.ts"];
const settings = ["test/cli/settings.test.ts"];
const output = ["test/cli/output.test.ts"];
const bundle = ["test/cli/bundle.test.ts"];
const profiles = ["test/cli/profiles.test.ts"];
const mounted = ["test/cli/mounted.test.ts"];
const told = ["test/cli/bundle-told.test.ts"];

/** The command line: what it sends where, what it says, and what it leaves behind. */
export const cli = [
  ...within(
    "packages/cli/src/api/ask.ts",
    network,
    [
      "a write that may have been done is sent again without a key",
      "(repeatable || unsent) &&",
      "(repeatable || unsent || headers) &&",
    ],
    ["a token goes along to where a redirect leads", 'redirect: "manual"', 'redirect: "follow"'],
    [
      "what may have been done is said to have failed",
      "if (arrived) return refuse",
      "if (arrived && !why) return refuse",
      ...bad,
    ],
  ),
  ...within(
    "packages/cli/src/deployment/deploy.ts",
    ["test/cli/deploy.test.ts#with several servers to choose from names them"],
    [
      "who has to choose a server is not told how",
      "next: items.map(({ name }) => `berth deploy --target ${name}`)",
      "next: items.slice(0, 0).map(({ name }) => name)",
    ],
  ),
  ...within(
    "packages/cli/src/job/report.ts",
    ["test/cli/report.test.ts"],
    [
      "a step is said to have taken as long as we heard of it, and not as the server says",
      "new Date(at).getTime() - new Date(step.at).getTime()",
      "now() - step.seen",
    ],
  ),
  ...within(
    "packages/cli/src/job/places.ts",
    ["test/cli/deploy.test.ts#of a folder makes the app"],
    ["after a deploy nobody is told where the app is", "...addresses.map(", "...addresses.slice(addresses.length).map("],
    ["nor where the job's page is", '`  ${paint.dim("Job")} ${paint.cyan(page)}`', '`  ${paint.dim("Job")}`'],
  ),
  ...within("packages/cli/src/api/answer.ts", bad, [
    "half an answer is taken for all of it",
    "    JSON.parse(text); // half",
    "    // half",
  ]),
  ...within(
    "packages/cli/src/api/outage.ts",
    bad,
    [
      "a deploy that goes on is left because a gateway failed",
      "ways.has(problem.code) || passes(problem)",
      "passes(problem) || problem.code === ways.size.toString()",
    ],
    [
      "a job whose end is not known is said to have failed",
      "if (lost > most) throw given(why, error);",
      "if (lost > most) throw (given(why, error), error);",
    ],
  ),
  ...within(
    "packages/cli/src/refusal.ts",
    ["test/cli/every-command.test.ts"],
    ["a script cannot tell that nobody is logged in", '  "auth.required": exits.loggedOut,\n', ""],
    ["a script takes what is not known for a failure", '  "cli.unknown": exits.unknown,\n', "", ...bad],
  ),
  ...within(
    "packages/cli/src/run.ts",
    ["test/cli/every-command.test.ts"],
    [
      "a program that asks for JSON gets a refusal elsewhere",
      "if (json) terminal.out(JSON.stringify({ ...refused.problem",
      "if (json) terminal.err(JSON.stringify({ ...refused.problem",
    ],
  ),
  ...within(
    "packages/cli/src/config/place.ts",
    settings,
    [
      "a kept token is sent to another address",
      "login && login.url === url ? login.token : undefined",
      "login && url ? login.token : undefined",
      "test/cli/login.test.ts",
    ],
    [
      "another account is used than --context names",
      "const token = byFlag ? kept : env.BERTH_TOKEN ||",
      "const token = env.BERTH_TOKEN ||",
    ],
  ),
  ...within("packages/cli/src/terminal/output.ts", output, [
    "a list that was cut by a full disk counts as whole",
    "process.exit(exits.failed);",
    "process.exit(exits.done);",
  ]),
  ...within("packages/cli/src/terminal/terminal.ts", output, [
    "a build waits for an answer that nobody gives",
    "stdout.columns > 0 && !isCi(env)",
    "stdout.columns > 0 && !isCi({})",
  ]),
  ...within(
    "packages/cli/src/terminal/text.ts",
    ["test/cli/text.test.ts"],
    ["a server's words move the cursor of a terminal", '.replace(controls, "");', ";"],
  ),
  ...within("packages/cli/src/compose/bundle.ts", bundle, [
    "a variable of this machine replaces the server's",
    "isOfMachine(name) ? undefined : env[name]",
    'name === "" && isOfMachine(name) ? undefined : env[name]',
  ]),
  ...within(
    "packages/cli/src/compose/found.ts",
    bundle,
    ["a link in a repository takes a file from outside of it", "if (!below(real)) throw outside();", ""],
    ["a script loses its executable bit on the way", "(facts.mode & 0o100) !== 0", "facts.mode === 0"],
  ),
  ...within("packages/domain/src/deployment/deploy.ts", profiles, [
    "chosen profiles are forgotten",
    "...(release.profiles && { profiles: release.profiles }),",
    "",
  ]),
  ...within(
    "packages/cli/src/deployment/profiles.ts",
    profiles,
    ["the profiles of another environment are taken", "({ name }) => name === environment", "({ name }) => name !== ''"],
    ["remembered profiles go before those of .env", ".values.has(PROFILES)", ".values.has('')"],
  ),
  ...within("packages/cli/src/compose/found.ts", mounted, [
    "a file that Compose reads is not in the bundle",
    "mention.mounted === true && found.get(name)?.mounted !== false",
    "mention.mounted === true",
  ]),
  ...within(
    "packages/cli/src/compose/mounted.ts",
    mounted,
    ["a bundle that is too large is sent", "<= BUNDLE_BYTES - names", "<= BUNDLE_BYTES * 100"],
    ["more files are read than are ever sent", "if (bytes > LARGE_FILES_BYTES)", "if (bytes < 0)"],
  ),
  ...within("packages/cli/src/compose/files.ts", bundle, [
    "a deploy needs the files of services that do not run",
    "{ ...mention, needed: false, variables: false }",
    "{ ...mention, variables: false }",
  ]),
  ...within(
    "packages/cli/src/compose/references.ts",
    told,
    [
      "a variable that the file names without a value stays at home",
      "if (value === null) this.names.add(each);",
      'if (value === "") this.names.add(each);',
    ],
    [
      "a variable that has to be set is found missing on the server only",
      "if (names.length === 0) return;",
      "if (names.length < 1000) return;",
    ],
  ),
  ...within("packages/cli/src/compose/variables.ts", told, [
    "a name that stands alone in .env does not take its value from the shell",
    'const value = name === "PWD" ? FOLDER : env[name];',
    'const value = name === "PWD" ? FOLDER : undefined;',
  ]),
  ...within(
    "packages/cli/src/billing/show.ts",
    ["test/cli/tables.test.ts"],
    [
      "a month that nobody has paid is called paid",
      'entitlement === "active" && cancelAt === null && !hold',
      "cancelAt === null && !hold",
    ],
  ),
];
