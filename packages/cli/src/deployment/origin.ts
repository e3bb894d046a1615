import { readFile, realpath, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { body, type Client, segment } from "@berth/api-client/client.ts";
import { isStandard, type Project } from "../compose/project.ts";
import { refuse } from "../refusal.ts";
import type { Session } from "../session.ts";
import { clean } from "../terminal/text.ts";

const MOST = 300;

/**
 * Where a project is: its repository and the folder in it, which is the same on every machine, else this machine and the folder. A
 * Compose file that was named is a part of it, since a folder may hold several projects.
 */
export async function originOf({ folder, files }: Pick<Project, "folder" | "files">): Promise<string> {
  const repository = await repositoryOf(folder);
  const path = repository ? relative(repository.folder, await realpath(folder)) : folder;
  const place = [repository?.address ?? hostname(), path].filter(Boolean).join(":");
  const named = files.map(({ path }) => path);
  return clean(named.every(isStandard) ? place : `${place} (${named.join(", ")})`).slice(-MOST);
}

interface Repository {
  readonly folder: string;
  readonly address: string;
}

/** The repository that a folder is in and where it comes from. Undefined where there is none, or it comes from nowhere. */
async function repositoryOf(start: string): Promise<Repository | undefined> {
  for (let folder = await realpath(start); ; folder = dirname(folder)) {
    const config = await configIn(folder);
    if (config !== undefined) {
      const address = addressIn(config);
      return address === undefined ? undefined : { folder, address };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** The text of `.git/config`, also of a second work tree, whose `.git` is a file that says where. */
async function configIn(folder: string): Promise<string | undefined> {
  const git = join(folder, ".git");
  const found = await stat(git).catch(() => false as const);
  if (!found) return undefined;
  const text = (file: string) => readFile(file, "utf8").catch(() => "");
  if (found.isDirectory()) return text(join(git, "config"));
  const inside = /^gitdir: (.+)$/m.exec(await text(git))?.[1];
  if (inside === undefined) return "";
  const own = resolve(folder, inside);
  const common = (await text(join(own, "commondir"))).trim();
  return text(join(resolve(own, common || "."), "config"));
}

/** `github.com/acme/shop`, however it is reached and by whom: what stands before the host may be a password. */
function addressIn(config: string): string | undefined {
  const section = /^\[remote "origin"\]$([^[]*)/m.exec(config)?.[1];
  const url = /^\s*url\s*=\s*(\S+)\s*$/m.exec(section ?? "")?.[1];
  const [, host, path] =
    /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\/(.+)$/i.exec(url ?? "") ??
    /^(?:[^/@]*@)?([^/:]+):(?!\/\/)(.+)$/.exec(url ?? "") ??
    [];
  if (host === undefined || path === undefined) return undefined;
  return `${host.toLowerCase()}/${path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "")}`;
}

interface Meant {
  readonly app: string;
  readonly environment: string | undefined;
  readonly origin: string;
  readonly services: readonly string[];
}

/**
 * Whether an app that nobody named, but a folder that is called so, is this project. It is where the last release came from the same
 * place; where that is not known, where it has a service of this one's.
 * @throws Refused cli.other_project, or cli.canceled by the person who is asked
 */
export async function checkOrigin(session: Session, api: Client, { app, environment, origin, services }: Meant): Promise<void> {
  const { items } = await body(
    api.v1.apps[":app"].releases.$get({
      param: { app: segment(app) },
      query: { limit: "1", ...(environment !== undefined && { environment }) },
    }),
  );
  const [last] = items;
  if (!last) return;
  const theirs = last.services.map(({ name }) => name);
  if (last.origin === undefined ? sharesOne(theirs, services) : last.origin === origin) return;
  const from = last.origin !== undefined ? `from ${last.origin}` : `with other services (${theirs.join(", ")})`;
  const detail = `Release ${last.number} of "${app}" was deployed ${from}. This is ${origin}, and only its folder's name leads to that app.`;
  if (!session.terminal.interactive)
    throw refuse("cli.other_project", { detail, next: [`berth deploy --app ${app}`, "berth deploy --app ANOTHER-NAME --yes"] });
  const { confirm } = await import("../terminal/ask.ts");
  if (!(await confirm(clean(`${detail} Replace it?`), false))) throw refuse("cli.canceled");
}

const sharesOne = (theirs: readonly string[], ours: readonly string[]) =>
  ours.length === 0 || theirs.some((name) => ours.includes(name));
