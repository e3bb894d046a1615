import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { body, segment } from "@berth/api-client/client.ts";
import { collect, type Flags, isSet, listOf, textOf, type Verb } from "../command.ts";
import { readSettings, SETTINGS_FILE } from "../compose/project.ts";
import { type Exit, exits } from "../exit.ts";
import { isProblem, refuse, usage } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { makeApp } from "./make.ts";
import { checkName, nameOfFolder } from "./name.ts";

interface Input {
  readonly name: string | undefined;
  readonly environment: string | undefined;
  readonly targets: readonly string[];
  readonly fix: boolean;
  readonly dryRun: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app init", "named after this folder"],
  ["berth app init shop --target web1", "with a name and a server, kept in berth.yaml"],
  ["berth app init --fix --dry-run", "what would make Compose take the files in this folder"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("-t, --target <name>", "write into berth.yaml where it is deployed; may be repeated", collect)
    .option("-e, --environment <name>", "write into berth.yaml which environment")
    .option(
      "--fix",
      "fix the Compose files in this folder, and make no app: undeclared volumes, another tool's keys, lines for .env",
    )
    .option("--dry-run", "with --fix: show what would change, and change nothing");

export const parse = ([name]: readonly string[], flags: Flags): Input => ({
  name,
  environment: textOf(flags, "environment"),
  targets: listOf(flags, "target"),
  fix: isSet(flags, "fix"),
  dryRun: isSet(flags, "dryRun"),
});

export async function run(session: Session, input: Input): Promise<Exit> {
  if (input.dryRun && !input.fix) throw usage("--dry-run belongs to --fix.");
  if (input.fix) return (await import("./fix.ts")).fixFiles(session, input.dryRun);
  const settings = await readSettings(session.folder);
  const wanted = input.name ?? settings.app ?? nameOfFolder(session.folder);
  if (wanted === undefined) throw refuse("cli.no_app", { next: ["berth app init NAME"] });
  const name = checkName(wanted, "an app's name");
  if (input.environment !== undefined) checkName(input.environment, "an environment's name");
  const api = await session.api();
  let made = true;
  const app = await makeApp(api, name).catch(async (error: unknown) => {
    if (!isProblem(error, "app.exists")) throw error;
    made = false;
    return body(api.v1.apps[":app"].$get({ param: { app: segment(name) } }));
  });
  const wrote = await remember(session.folder, { ...input, name });
  const { green, dim } = session.terminal.paint;
  show(session, { ...app, made, settings: wrote ? SETTINGS_FILE : null }, () => [
    made ? `${green("✓")} App ${name} made` : `${green("✓")} App ${name} is there already`,
    wrote ? `  ${SETTINGS_FILE} says so` : dim(`  ${SETTINGS_FILE} is there already and was left as it is`),
    "  Next: berth deploy",
  ]);
  return exits.done;
}

/** Writes berth.yaml unless there is one. The names are plain, so that they need no quotes. */
async function remember(folder: string, { name, environment, targets }: Input): Promise<boolean> {
  for (const target of targets) checkName(target, "a server's name");
  const text = [
    `app: ${name}`,
    ...(environment === undefined ? [] : [`environment: ${environment}`]),
    ...(targets.length === 0 ? [] : ["targets:", ...targets.map((target) => `  - ${target}`)]),
  ];
  try {
    await writeFile(join(folder, SETTINGS_FILE), `${text.join("\n")}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw refuse("cli.file", { detail: `${SETTINGS_FILE}: ${(error as Error).message}`, cause: error });
  }
}
