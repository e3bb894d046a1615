import { delimiter, resolve } from "node:path";
import { EnvFileError, readEnvFile } from "@berth/domain/compose/env-file.ts";
import type { Lookup, Watch } from "@berth/domain/compose/template.ts";
import { refuse } from "../refusal.ts";
import { readText } from "./text.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** The service's limits. */
export const VARIABLES_MOST = 1000;
const NAME_LENGTH = 200;
const VALUE_LENGTH = 32 * 1024;

/** What the project's own file of variables says, and what to know about it. */
export interface OwnVariables {
  readonly values: ReadonlyMap<string, string>;
  /** Names that it takes from the shell. */
  readonly fromShell: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** Which profiles are asked for. */
export const PROFILES = "COMPOSE_PROFILES";

/** Settings of Compose's own that have no meaning here: Berth says which files and which project. */
const settings = ["COMPOSE_ENV_FILES", "COMPOSE_PROJECT_NAME"];

/** These mean something of their own on every machine; the shell's values for them would be wrong on a server. */
const machine = new Set("COMPOSE_PROJECT_NAME GID HOME HOSTNAME LOGNAME OLDPWD PATH PWD SHELL TERM TMPDIR UID USER".split(" "));
export const isOfMachine = (name: string): boolean => machine.has(name);

/** Where the folder itself is meant, a path from there is right on every machine. */
const FOLDER = ".";

/** The Compose files that COMPOSE_FILE names, of the shell or else of `.env`. */
export async function namedIn(folder: string, env: Env): Promise<string[]> {
  const own = env.COMPOSE_FILE === undefined ? await readOwn(folder, env) : undefined;
  const get = (name: string) => env[name] ?? own?.values.get(name);
  const separator = get("COMPOSE_PATH_SEPARATOR") || delimiter;
  return (get("COMPOSE_FILE") ?? "").split(separator).filter((name) => name !== "");
}

/** @throws Refused cli.file naming the line, and never a value */
export async function readOwn(folder: string, env: Env): Promise<OwnVariables> {
  const text = await readText(resolve(folder, ".env"));
  if (text === undefined) return { values: new Map(), fromShell: new Set(), notes: [] };
  const asked = new Set<string>();
  const unset = new Set<string>();
  const outer: Lookup = (name) => {
    const value = name === "PWD" ? FOLDER : env[name];
    if (value !== undefined) asked.add(name);
    return value;
  };
  const values = new Map(readVariables(text, ".env", outer, { unset: (name) => unset.add(name) }));
  values.delete(""); // a last line without a name, which Compose takes and nothing can use
  check(values);
  const here = [...asked].filter((name) => name !== "PWD" && isOfMachine(name));
  const unused = settings.filter((name) => values.has(name));
  return {
    values,
    fromShell: new Set([...asked].filter((name) => !isOfMachine(name))),
    notes: [
      ...(unset.size > 0
        ? [`Set nowhere, so empty in .env: ${[...unset].join(", ")} (for a dollar write $$, or 'single quotes')`]
        : []),
      ...(here.length > 0 ? [`This machine's in .env: ${here.join(", ")}`] : []),
      ...(asked.has("PWD") ? ["PWD in .env is the app's folder on the server"] : []),
      ...(unused.length > 0 ? [`Not used from .env: ${unused.join(", ")}`] : []),
    ],
  };
}

/** A file of variables, as Compose reads it. @throws Refused cli.file naming the line, and never a value */
export function readVariables(text: string, file: string, outer: Lookup, watch: Watch): ReadonlyMap<string, string> {
  try {
    return readEnvFile(text, outer, watch);
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error;
    throw refuse("cli.file", { detail: `${file}, line ${error.line}: ${error.message}.`, cause: error });
  }
}

function check(values: ReadonlyMap<string, string>): void {
  const most = (what: string) => refuse("cli.file", { detail: `.env: ${what}.` });
  if (values.size > VARIABLES_MOST) throw most(`it has ${values.size} variables; ${VARIABLES_MOST} is the most`);
  for (const [name, value] of values) {
    if (name.length > NAME_LENGTH) throw most(`the name ${name.slice(0, 40)}… is longer than ${NAME_LENGTH} characters`);
    if (value.length > VALUE_LENGTH) throw most(`${name} has more than ${VALUE_LENGTH / 1024} KB`);
    if (value.includes("\0")) throw most(`${name} has a NUL in it`);
  }
}
