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
  /** How long a deploy waits for a service, like `10m`. */
  readonly wait?: string;
}

export const SETTINGS_FILE = "berth.yaml";
/** In Compose's own order. */
const names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/** One that is found without being named. */
export const isStandard = (file: string): boolean => names.includes(file);

/**
 * The file's text, or undefined where there is none.
 * @throws Refused when it is there and cannot be read, or holds bytes that are no text: what is sent would be something else
 */
export async function readText(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file);
  return bytes && decode(bytes, file);
}

/** The same for a Compose file, which Compose reads in UTF-16 too. */
async function readComposeText(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file);
  return bytes && decode(bytes, file, utf16(bytes));
}

const readBytes = (file: string): Promise<Buffer | undefined> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw refuse("cli.file", { detail: `${file}: ${error.message}`, cause: error });
  });

function utf16(bytes: Buffer): "utf-16le" | "utf-16be" | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}

function decode(bytes: Buffer, file: string, encoding = "utf-8"): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const what = utf16(bytes) ? "is UTF-16" : "is not UTF-8 text";
    throw refuse("cli.file", { detail: `${file} ${what}.`, hint: "Save it as UTF-8.", cause: error });
  }
}

/** The project of a folder or of a file that is named. @throws Refused cli.no_compose */
export async function findProject(folder: string, given?: string): Promise<Project> {
  if (given !== undefined) {
    const path = resolve(folder, given);
    const text = await readComposeText(path);
    if (text === undefined) throw refuse("cli.no_compose", { detail: `There is no file ${given}.` });
    return { folder: dirname(path), file: basename(path), text, settings: await readSettings(dirname(path)) };
  }
  const found = await findCompose(folder);
  if (!found) throw refuse("cli.no_compose", { detail: `${folder} has none of ${names.join(", ")}.` });
  return { folder, ...found, settings: await readSettings(folder) };
}

export async function findCompose(folder: string): Promise<{ file: string; text: string } | undefined> {
  for (const file of names) {
    const text = await readComposeText(join(folder, file));
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
