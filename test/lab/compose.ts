/** A Compose that was given, in the place of the one that the lab's servers have: a release that no package of Debian has. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";

export interface GivenCompose {
  readonly file: string;
  readonly version: string;
}

/** The one that was asked for, or that `BERTH_LAB_COMPOSE` names. @throws when there is no such file, or it is not a Compose that runs here */
export async function givenCompose(asked: string = process.env.BERTH_LAB_COMPOSE ?? ""): Promise<GivenCompose | undefined> {
  if (!asked) return undefined;
  const file = resolve(asked);
  const { stdout } = await promisify(execFile)(file, ["version", "--short"], { timeout: 60_000 }).catch((error: unknown) => {
    throw new Error(`${file} is not a Docker Compose that runs here: ${why(error)}`);
  });
  const version = stdout.trim();
  if (!/^v?\d+\.\d+/u.test(version))
    throw new Error(`${file} is not a Docker Compose: its version is "${version.slice(0, 100)}"`);
  return { file, version };
}

function why(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "it is not executable (chmod +x)";
  return message;
}
