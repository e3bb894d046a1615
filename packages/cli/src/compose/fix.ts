import { chmod, lstat, mkdir, writeFile } from "node:fs/promises";
import { dirname, posix, resolve } from "node:path";
import { isOnServer } from "@berth/domain/compose/compose.ts";
import { ComposeError, fill } from "@berth/domain/compose/file.ts";
import { readProject } from "@berth/domain/compose/merge.ts";
import type { Lookup } from "@berth/domain/compose/template.ts";
import { refuse } from "../refusal.ts";
import { type MountedFile, withoutForeign, withVolumes } from "./edit.ts";
import { undeclaredVolumes } from "./faults.ts";
import { isOutside, type Project } from "./project.ts";
import { readAll } from "./read.ts";
import { References } from "./references.ts";
import { readText } from "./text.ts";
import { type Env, isOfMachine, readOwn } from "./variables.ts";

export interface Change {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
  readonly executable?: true;
}

export interface Fix {
  readonly changes: readonly Change[];
  /** What was done, and what is left to do. */
  readonly said: readonly string[];
}

/** What makes Compose take a project whose only faults are undeclared volumes, another tool's keys and variables that are set nowhere. */
export async function fixOf(project: Project, env: Env): Promise<Fix> {
  const own = await readOwn(project.folder, env);
  const get = (name: string) => (isOfMachine(name) ? undefined : env[name]) ?? own.values.get(name);
  const changes: Change[] = [];
  const said: string[] = [];
  const files: { path: string; text: string }[] = [];
  for (const { path, text } of project.files) {
    const { text: after, dropped } = isOutside(path) ? { text, dropped: [] } : withoutForeign(text);
    for (const { service, key, file } of dropped) {
      said.push(`${path}: \`${key}\` of service ${service} taken out; Compose does not know it`);
      if (file) await keepContent(project, file, get, changes, said);
    }
    files.push({ path, text: after });
  }
  const fixed: Project = { ...project, files: files as unknown as Project["files"] }; // as many as before
  const { found } = await readAll(fixed, (sources) => {
    try {
      return readProject(sources, get);
    } catch (error) {
      if (error instanceof ComposeError) throw refuse("compose.invalid", { detail: error.message, cause: error });
      throw error;
    }
  });
  const volumes = [...undeclaredVolumes(found, () => true).keys()];
  const [main] = files;
  if (main && volumes.length > 0) {
    said.unshift(`${main.path}: declared the volume${volumes.length === 1 ? "" : "s"} ${volumes.join(", ")}`);
    main.text = withVolumes(main.text, volumes);
  }
  const references = new References(get);
  references.addFile(found);
  const env_file = await variables(project.folder, references, said);
  const texts = project.files.flatMap(({ path, text }, i) =>
    files[i]?.text === text ? [] : [{ path, before: text, after: files[i]?.text ?? text }],
  );
  return { changes: [...texts, ...changes, ...env_file], said };
}

/** Lines for `.env`: what has to be set and what would be empty. Nobody's password is made up here. */
async function variables(folder: string, references: References, said: string[]): Promise<Change[]> {
  const required = [...references.required.keys()];
  const empty = [...references.unset].filter((name) => !isOnServer(name) && !references.required.has(name));
  if (required.length + empty.length === 0) return [];
  const before = await readText(resolve(folder, ".env"));
  const lines = [
    ...(required.length > 0 ? ["# These have to be set before a deploy.", ...required.map((name) => `${name}=`)] : []),
    ...(empty.length > 0
      ? ["# These are used and set nowhere else: empty, unless you say what they are.", ...empty.map((name) => `${name}=`)]
      : []),
  ];
  const text = before ?? "";
  const gap = text === "" ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  if (required.length > 0) said.push(`.env: fill in ${required.join(", ")}`);
  if (empty.length > 0) said.push(`.env: empty unless you fill them in: ${empty.join(", ")}`);
  return [{ path: ".env", before, after: `${text}${gap}${lines.join("\n")}\n` }];
}

/** Another tool writes this content into the file that is mounted; here it becomes that file. */
async function keepContent(
  { folder }: Project,
  { source, content, executable }: MountedFile,
  get: Lookup,
  changes: Change[],
  said: string[],
): Promise<void> {
  const path = posix.normalize(String(fill(source, get)));
  if (!source.startsWith(".") || path.startsWith("..") || path === "." || path.includes("$")) {
    said.push(`The content meant for ${source} is not kept: it is outside of this folder`);
    return;
  }
  const there = await lstat(resolve(folder, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw refuse("cli.file", { detail: `${path}: ${error.message}`, cause: error });
  });
  if (there || changes.some((change) => change.path === path)) said.push(`${path} is there already and stays as it is`);
  else {
    changes.push({ path, before: undefined, after: content, ...(executable && { executable: true as const }) });
    said.push(`${path}: holds what \`content\` said`);
  }
}

/** @throws Refused cli.file */
export async function writeFix({ folder }: Project, { changes }: Fix): Promise<void> {
  for (const { path, after, executable } of changes) {
    const whole = resolve(folder, path);
    try {
      await mkdir(dirname(whole), { recursive: true });
      await writeFile(whole, after);
      if (executable) await chmod(whole, 0o755);
    } catch (error) {
      throw refuse("cli.file", { detail: `${path}: ${(error as Error).message}`, cause: error as Error });
    }
  }
}

/** The lines that go and come. */
export function diffOf({ before, after }: Change): string[] {
  const [old, next] = [(before ?? "").split("\n"), after.split("\n")];
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length) {
    if (i < old.length && old[i] === next[j]) {
      i++;
      j++;
    } else if (j < next.length && !old.includes(next[j] ?? "", i)) lines.push(`+ ${next[j++]}`);
    else if (i < old.length) lines.push(`- ${old[i++]}`);
    else lines.push(`+ ${next[j++]}`);
  }
  return lines;
}
