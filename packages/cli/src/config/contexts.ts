import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import envPaths from "env-paths";
import { refuse } from "../refusal.ts";

/** A login that is kept under a name: where the service is and the token for it. */
export interface Login {
  readonly url: string;
  readonly token?: string;
  /** `device`: the token was made by this program's own login, so logging out revokes it. */
  readonly via?: "device" | "given";
}

export interface Contexts {
  readonly current: string;
  readonly contexts: Readonly<Record<string, Login>>;
}

export const DEFAULT_CONTEXT = "default";
const nothing: Contexts = { current: DEFAULT_CONTEXT, contexts: {} };

type Env = Readonly<Record<string, string | undefined>>;

const folderOf = (env: Env) => env.BERTH_CONFIG_DIR || envPaths("berth", { suffix: "" }).config;
export const configFile = (env: Env) => join(folderOf(env), "config.json");

/** @throws Refused cli.config when it is there and cannot be read */
export async function readContexts(env: Env): Promise<Contexts> {
  const file = configFile(env);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw refuse("cli.config", { detail: `${file}: ${error.message}`, cause: error });
  });
  return text === undefined ? nothing : parse(text, file);
}

function parse(text: string, file: string): Contexts {
  const broken = (why: string) =>
    refuse("cli.config", { detail: `${file} ${why}.`, hint: "Mend it, or remove it and log in again.", next: ["berth login"] });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken("is not JSON");
  }
  const { current, contexts } = (value ?? {}) as Partial<Contexts>;
  if (typeof current !== "string" || typeof contexts !== "object" || contexts === null) throw broken("has no contexts");
  for (const [name, login] of Object.entries(contexts))
    if (typeof login?.url !== "string" || !["string", "undefined"].includes(typeof login.token))
      throw broken(`has a context "${name}" without an address`);
  return { current, contexts };
}

/** Writes it whole or not at all, for the owner's eyes only. */
export async function writeContexts(env: Env, contexts: Contexts): Promise<void> {
  const folder = folderOf(env);
  const file = configFile(env);
  const next = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(next, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await chmod(next, 0o600); // whatever the umask
    await rename(next, file);
  } catch (error) {
    throw refuse("cli.config", { detail: `${file}: ${error instanceof Error ? error.message : String(error)}`, cause: error });
  }
}
