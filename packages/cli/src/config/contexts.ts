import { chmod, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Refused, refuse } from "../refusal.ts";

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
export const nothing: Contexts = { current: DEFAULT_CONTEXT, contexts: {} };

export type Env = Readonly<Record<string, string | undefined>>;
export type Say = (line: string) => void;

/** @throws Refused cli.config for a user without a home who names no folder either */
async function folderOf(env: Env): Promise<string> {
  if (env.BERTH_CONFIG_DIR) return env.BERTH_CONFIG_DIR;
  try {
    // It looks the home up when it is loaded, which fails for a user that has none.
    const { default: envPaths } = await import("env-paths");
    return envPaths("berth", { suffix: "" }).config;
  } catch (error) {
    throw refuse("cli.config", {
      detail: "This user has no home folder to keep settings in.",
      hint: "Name a folder in BERTH_CONFIG_DIR, or give BERTH_URL and BERTH_TOKEN, which need no settings.",
      cause: error,
    });
  }
}

export const configFile = async (env: Env): Promise<string> => join(await folderOf(env), "config.json");

/** @throws Refused cli.config when it is there and cannot be read */
export async function readContexts(env: Env, say: Say = () => {}): Promise<Contexts> {
  const file = await configFile(env);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw refuse("cli.config", {
      detail: `${file}: ${error.message}`,
      hint: "Make it readable, name another folder in BERTH_CONFIG_DIR, or give BERTH_URL and BERTH_TOKEN, which need no settings.",
      cause: error,
    });
  });
  if (text === undefined) return nothing;
  await keepPrivate(file, say);
  return parse(text, file);
}

/** It holds tokens, so nobody else may read it. Windows has no such modes. */
async function keepPrivate(file: string, say: Say): Promise<void> {
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & 0o077) === 0 || process.platform === "win32") return;
  const open = `${file} holds tokens and others could read it (mode ${mode.toString(8)})`;
  await chmod(file, 0o600).then(
    () => say(`${open}. Now only you can.`),
    (error: Error) => say(`${open}. Take that right away: chmod 600 (${error.message})`),
  );
}

/** @throws Refused cli.config that says what is wrong in it */
export function parse(text: string, file: string): Contexts {
  const broken = (why: string): Refused =>
    refuse("cli.config", {
      detail: `${file} ${why}.`,
      hint: "Fix it, or log in again, which puts a new one in its place.",
      next: ["berth login"],
    });
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
