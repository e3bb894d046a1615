import { posix } from "node:path";
import { type Composed, type Images, isOnServer } from "@berth/domain/compose/compose.ts";
import { type ComposeFile, fill } from "@berth/domain/compose/file.ts";
import { RESERVED, RESERVED_BESIDE } from "@berth/domain/compose/reserved.ts";
import { type Lookup, TemplateError } from "@berth/domain/compose/template.ts";
import type { LargeFile } from "@berth/domain/release/large.ts";
import type { Entry } from "../build/context.ts";
import { checkFaults } from "./faults.ts";
import { type Mention, mentionsIn } from "./files.ts";
import { findFiles } from "./found.ts";
import { readFiles, withMounted } from "./mounted.ts";
import { isOutside, type Project } from "./project.ts";
import { readWhole } from "./read.ts";
import { References } from "./references.ts";
import { type Env, isOfMachine, PROFILES, readOwn, readVariables } from "./variables.ts";

/** What is sent: the Compose files, the files they need and the variables they are to be read with. */
export interface Bundle {
  /** The Compose file, where it is one that reads no other; else `composeFiles` are the paths of those named, in Compose's order. */
  readonly compose?: string;
  readonly composeFiles?: readonly string[];
  readonly files: readonly BundleFile[];
  readonly variables: Readonly<Record<string, string>>;
  /** Mounted files that are too large for it, without their content. */
  readonly large?: readonly LargeFile[];
}

export interface BundleFile {
  readonly path: string;
  /** Base64 */
  readonly content: string;
  readonly executable?: true;
}

export interface Bundled {
  readonly bundle: Bundle;
  readonly read: Composed;
  /** Variables that nothing sets. */
  readonly unset: readonly string[];
  /** What to know before it is sent. */
  readonly notes: readonly string[];
  /** What its Compose files say, by their paths. */
  readonly texts: ReadonlyMap<string, string | undefined>;
  /** Where the content of its large files is. */
  readonly mounted: readonly Entry[];
}

/**
 * `profiles`: in place of what COMPOSE_PROFILES says. `later` are names that the service sets; it is asked where a name is set nowhere.
 * `kept`: those of the secrets and variables that it has, which may say what is read.
 * @throws Refused for what Compose or the service would refuse for certain, and for a file that is missing, outside the folder or too large
 */
export async function makeBundle(
  project: Project,
  env: Env,
  images: Images = {},
  profiles?: string,
  later: () => Promise<readonly string[]> = async () => [],
  kept: ReadonlySet<string> = new Set(),
): Promise<Bundled> {
  const { folder } = project;
  const own = await readOwn(folder, env);
  const shell = (name: string) => {
    if (name === PROFILES && profiles !== undefined) return profiles;
    return isOfMachine(name) ? undefined : env[name];
  };
  const get = (name: string) => shell(name) ?? own.values.get(name);
  const isGiven = (name: string) => kept.has(name) || name.startsWith("BERTH_");
  const paths: Lookup = (name) => {
    if (name === "PWD") return ".";
    if (isOnServer(name) || isGiven(name)) throw new TemplateError("only the server knows it");
    return get(name);
  };
  const { composed, texts } = await readWhole(project, paths, images);
  const references = new References((name) => get(name) ?? (isGiven(name) ? "given" : undefined));
  references.addFile(composed.file);
  if (references.unset.size + references.required.size > 0) references.leave(await later());
  references.checkRequired();
  checkFaults(composed.file, get(PROFILES));
  const { local, remote } = mentionsIn(composed.file, get(PROFILES));
  const { content, mentions } = composeOf(project, composed.file);
  const reserved = content.compose === undefined ? RESERVED_BESIDE : RESERVED;
  const { found, nowhere } = await findFiles(folder, [...mentions, ...local], reserved);
  const read = await readFiles(found.filter(({ mounted }) => !mounted));
  const files = withTexts(read, content, composed.file, texts);
  readEnvFiles(local, files, references, (name) => environmentOf(composed.file, name, get));
  if ([...composed.file.services.values()].some(({ profiles }) => profiles.length > 0)) references.names.add(PROFILES);
  const fromShell = [...references.names].filter((name) => shell(name) !== undefined);
  const variables = {
    ...Object.fromEntries(own.values),
    ...Object.fromEntries(fromShell.map((name) => [name, shell(name) ?? ""])),
  };
  const { bundle, mounted } = await withMounted(
    { ...content, files, variables },
    found.filter(({ mounted }) => mounted),
  );
  const taken = new Set([...fromShell, ...own.fromShell]);
  if (profiles !== undefined) taken.delete(PROFILES);
  // One file there is for both: the variables of the project, and what a service reads as its .env.
  const reads = local.some(({ path, variables: read }) => read && posix.normalize(path) === ".env");
  const also = reads ? fromShell.filter((name) => own.values.get(name) !== shell(name)) : [];
  const unset = [...references.unset].filter((name) => !isOnServer(name));
  const onServer = [...references.names].filter((name) => isOnServer(name) && !known.has(name));
  const pulled = composed.services.filter(({ name, built }) => !built && composed.file.services.get(name)?.build !== undefined);
  return {
    bundle,
    read: composed,
    texts,
    mounted,
    unset,
    notes: [
      ...(taken.size > 0 ? [`From your shell: ${[...taken].join(", ")}`] : []),
      ...(also.length > 0 ? [`In .env on the server, so services with env_file: .env get them too: ${also.join(", ")}`] : []),
      ...own.notes,
      ...(unset.length > 0 ? [`Set nowhere, so empty: ${unset.join(", ")}`] : []),
      ...(onServer.length > 0 ? [`The server's own: ${onServer.join(", ")}`] : []),
      ...(remote.length > 0 ? [`Read on the server: ${remote.map(({ path, by }) => `${path} (${by})`).join(", ")}`] : []),
      ...(nowhere.length > 0 ? [`Links that lead nowhere, so not taken along: ${nowhere.join(", ")}`] : []),
      ...(pulled.length > 0 ? [`Pulled, not built: ${pulled.map(({ name }) => name).join(", ")}`] : []),
      ...(content.composeFiles && content.composeFiles.length > 1
        ? [`Merged in this order: ${project.files.map(({ path }) => path).join(", ")}`]
        : []),
    ],
  };
}

/** One file that reads no other is sent as a text; several are files like others, and the order in which Compose merges them. */
function composeOf(
  { files }: Project,
  { reads }: ComposeFile,
): { content: Pick<Bundle, "compose" | "composeFiles">; mentions: Mention[] } {
  const [first, ...more] = files;
  if (more.length === 0 && reads.length === 0) return { content: { compose: first.text }, mentions: [] };
  const composeFiles = files.map(({ path }) => path);
  const mentions = composeFiles.filter((path) => !isOutside(path)).map((path) => ({ path, by: "a Compose file", needed: true }));
  return { content: { composeFiles }, mentions };
}

/** The Compose files as they were read: Compose reads UTF-16 too, the service does not. */
function withTexts(
  files: readonly BundleFile[],
  { composeFiles = [] }: Pick<Bundle, "composeFiles">,
  { parts }: ComposeFile,
  texts: ReadonlyMap<string, string | undefined>,
): BundleFile[] {
  const own = new Map<string, BundleFile>(files.map((file) => [file.path, file]));
  const several = composeFiles.length > 0 ? [...composeFiles, ...parts.map(({ path }) => path)] : [];
  for (const path of several)
    own.set(path, { ...own.get(path), path, content: Buffer.from(texts.get(path) ?? "").toString("base64") });
  return [...own.values()];
}

/**
 * What the files of variables refer to. A service's file finds what the files before it say and what is set for the project; the first count
 * most before Compose 2.35, and the second since then. Since then it also finds what the service's `environment` says.
 */
function readEnvFiles(
  local: readonly Mention[],
  files: readonly BundleFile[],
  references: References,
  environment: (by: string) => Lookup,
): void {
  const said = new Map<string, Map<string, string>>();
  for (const { path, by, variables } of local) {
    const found = variables ? files.find((each) => each.path === posix.normalize(path)) : undefined;
    if (!found) continue;
    const before = said.get(by) ?? new Map<string, string>();
    const own = environment(by);
    const lookup: Lookup = (name) => {
      const set = references.lookup(name); // is taken along in any case
      return before.get(name) ?? set ?? own(name);
    };
    const content = Buffer.from(found.content, "base64").toString();
    said.set(by, new Map([...before, ...readVariables(content, found.path, lookup, references.watch)]));
  }
}

function environmentOf(file: ComposeFile, by: string, get: Lookup): Lookup {
  const environment = file.services.get(by.replace(/^service /, ""))?.environment;
  return (name) => {
    const value = fill(environment?.get(name), get);
    return value === undefined || value === null ? undefined : String(value);
  };
}

/** These are set there as Compose sets them here. */
const known = new Set(["COMPOSE_PROJECT_NAME", "PWD"]);
