import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { refuse, usage } from "../refusal.ts";

/** A folder with a Compose file, and what berth.yaml says about it. */
export interface Project {
  readonly folder: string;
  /** The Compose file's name in the folder. */
  readonly file: string;
  readonly text: string;
  readonly settings: Settings;
}

export interface Settings {
  readonly app?: string;
  readonly environment?: string;
  readonly targets?: readonly string[];
}

export const SETTINGS_FILE = "berth.yaml";
/** In Compose's own order. */
const names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/** The file's text, or undefined where there is none. @throws Refused when it is there and cannot be read */
export const readText = (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw refuse("cli.file", { detail: `${file}: ${error.message}`, cause: error });
  });

/** The project of a folder or of a file that is named. @throws Refused cli.no_compose */
export async function findProject(folder: string, given?: string): Promise<Project> {
  if (given !== undefined) {
    const path = resolve(folder, given);
    const text = await readText(path);
    if (text === undefined) throw refuse("cli.no_compose", { detail: `There is no file ${given}.` });
    return { folder: dirname(path), file: basename(path), text, settings: await readSettings(dirname(path)) };
  }
  const found = await findCompose(folder);
  if (!found) throw refuse("cli.no_compose", { detail: `${folder} has none of ${names.join(", ")}.` });
  return { folder, ...found, settings: await readSettings(folder) };
}

export async function findCompose(folder: string): Promise<{ file: string; text: string } | undefined> {
  for (const file of names) {
    const text = await readText(join(folder, file));
    if (text !== undefined) return { file, text };
  }
  return undefined;
}

/** What berth.yaml in a folder says; nothing where there is none. @throws Refused naming what is wrong in it */
export async function readSettings(folder: string): Promise<Settings> {
  const text = await readText(join(folder, SETTINGS_FILE));
  if (text === undefined) return {};
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const broken = document.errors[0];
  if (broken) throw usage(`${SETTINGS_FILE}: ${broken.message.split("\n")[0]}`);
  const value: unknown = document.toJS() ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw usage(`${SETTINGS_FILE} holds app, environment and targets.`);
  for (const [key, setting] of Object.entries(value as object)) {
    if (!["app", "environment", "targets"].includes(key))
      throw usage(`${SETTINGS_FILE}: "${key}" is none of app, environment, targets.`);
    const right = key === "targets" ? Array.isArray(setting) && setting.every(isText) : isText(setting);
    if (!right) throw usage(`${SETTINGS_FILE}: "${key}" is ${key === "targets" ? "a list of names" : "a name"}.`);
  }
  return value as Settings;
}

const isText = (value: unknown) => typeof value === "string" && value !== "";
