import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { refuse, usage } from "../refusal.ts";
import { readComposeText, readText } from "./text.ts";
import { type Env, namedIn } from "./variables.ts";

/** A folder with Compose files, and what berth.yaml says about it. */
export interface Project {
  readonly folder: string;
  /** In the order in which Compose merges them. */
  readonly files: readonly [ComposeText, ...ComposeText[]];
  readonly settings: Settings;
}

export interface ComposeText {
  /** From the folder; one that is outside of it gets a name in it. */
  readonly path: string;
  readonly text: string;
}

export interface Settings {
  readonly app?: string;
  readonly environment?: string;
  readonly targets?: readonly string[];
  /** How long a deploy waits for a service, like `10m`. */
  readonly wait?: string;
}

export const SETTINGS_FILE = "berth.yaml";
/** In Compose's own order. */
const names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const overrides = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/** One that is found without being named. */
export const isStandard = (file: string): boolean => names.includes(file) || overrides.includes(file);

/** The project of a folder, or of the files that are named: by the caller, else by COMPOSE_FILE. @throws Refused cli.no_compose */
export async function findProject(folder: string, given: readonly string[] = [], env: Env = {}): Promise<Project> {
  const asked = given.length > 0 ? given : await namedIn(folder, env);
  if (asked.length > 0) return namedProject(folder, asked);
  const found = await findCompose(folder);
  if (!found) throw refuse("cli.no_compose", { detail: `${folder} has none of ${names.join(", ")}.` });
  const more = await firstOf(folder, overrides);
  return { folder, files: [found, ...(more ? [more] : [])], settings: await readSettings(folder) };
}

/** Its folder is that of the first file. */
async function namedProject(from: string, given: readonly string[]): Promise<Project> {
  const folder = dirname(resolve(from, given[0] ?? ""));
  const files: ComposeText[] = [];
  for (const [i, name] of given.entries()) {
    const whole = resolve(from, name);
    const text = await readComposeText(whole);
    if (text === undefined) throw refuse("cli.no_compose", { detail: `There is no file ${name}.` });
    const path = relative(folder, whole).split(sep).join("/");
    files.push({ path: path.startsWith("../") ? `${OUTSIDE}/${i + 1}-${basename(path)}` : path, text });
  }
  return { folder, files: files as [ComposeText, ...ComposeText[]], settings: await readSettings(folder) }; // one was given
}

/** Compose files from elsewhere: their own paths start at the folder of the first in any case. */
const OUTSIDE = ".compose";
export const isOutside = (path: string): boolean => path.startsWith(`${OUTSIDE}/`);

export const findCompose = (folder: string): Promise<ComposeText | undefined> => firstOf(folder, names);

async function firstOf(folder: string, candidates: readonly string[]): Promise<ComposeText | undefined> {
  for (const path of candidates) {
    const text = await readComposeText(join(folder, path));
    if (text !== undefined) return { path, text };
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
  if (typeof value !== "object" || Array.isArray(value))
    throw usage(`${SETTINGS_FILE} holds app, environment, targets and wait.`);
  for (const [key, setting] of Object.entries(value as object)) {
    if (!["app", "environment", "targets", "wait"].includes(key))
      throw usage(`${SETTINGS_FILE}: "${key}" is none of app, environment, targets, wait.`);
    const right = key === "targets" ? Array.isArray(setting) && setting.every(isText) : isText(setting);
    if (!right)
      throw usage(
        `${SETTINGS_FILE}: "${key}" is ${key === "targets" ? "a list of names" : key === "wait" ? "a time like 10m" : "a name"}.`,
      );
  }
  return value as Settings;
}

const isText = (value: unknown) => typeof value === "string" && value !== "";
