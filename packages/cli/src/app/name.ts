import { basename } from "node:path";
import { findCompose, readSettings } from "../compose/project.ts";
import { refuse, usage } from "../refusal.ts";

const form = /^[a-z]([a-z0-9-]{0,37}[a-z0-9])?$/;

/** @throws Refused when it cannot be a name */
export function checkName(name: string, what: string): string {
  if (!form.test(name))
    throw usage(`"${name}" cannot be ${what}: lower-case letters, digits and dashes, starting with a letter, at most 39.`);
  return name;
}

/** A folder's name made fit for an app: `My Shop.v2` is `my-shop-v2`. Undefined where nothing is left of it. */
export function nameOfFolder(folder: string): string | undefined {
  const plain = basename(folder)
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "");
  const name = (/^\d/.test(plain) ? `app-${plain}` : plain).slice(0, 39).replace(/-+$/, "");
  return form.test(name) ? name : undefined;
}

/** The app a command in this folder is about: the one that is named, that of berth.yaml, or that of the Compose file's folder. */
export async function findApp(folder: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const { app } = await readSettings(folder);
  if (app !== undefined) return checkName(app, "an app's name");
  const name = (await findCompose(folder)) ? nameOfFolder(folder) : undefined;
  if (name === undefined) throw refuse("cli.no_app");
  return name;
}

/** The environment a command is about; the service's own default where nobody says. */
export async function findEnvironment(folder: string, given: string | undefined): Promise<string | undefined> {
  const name = given ?? (await readSettings(folder)).environment;
  return name === undefined ? undefined : checkName(name, "an environment's name");
}
