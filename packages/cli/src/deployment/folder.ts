import { body, segment } from "@berth/api-client/client.ts";
import type { Composed, Images } from "@berth/domain/compose/compose.ts";
import type { Command } from "commander";
import { addonVariables } from "../addon/variables.ts";
import { checkName, nameOfFolder } from "../app/name.ts";
import type { Archives } from "../build/archives.ts";
import { collect, type Flags, listOf, textOf } from "../command.ts";
import type { Bundle, Bundled } from "../compose/bundle.ts";
import type { Project } from "../compose/project.ts";
import { isProblem, refuse } from "../refusal.ts";
import type { Session } from "../session.ts";
import { namedTargets } from "../target/labelled.ts";
import { parseImages } from "./images.ts";
import { chooseProfiles, parseProfiles, profileNotes } from "./profiles.ts";

/** Which folder is deployed, and where to: what its flags say. */
export interface FolderInput {
  readonly app: string | undefined;
  readonly environment: string | undefined;
  readonly files: readonly string[];
  readonly images: Images;
  readonly targets: readonly string[];
  readonly buildOn: string | undefined;
  /** Undefined: those of COMPOSE_PROFILES, else of the deployment before. */
  readonly profiles: readonly string[] | undefined;
  /** Of secrets and variables. Undefined: those of the deployment before. */
  readonly namespaces: readonly string[] | undefined;
  /** Variables whose credentials may stand in the Compose files. */
  readonly plaintext: readonly string[];
}

export const folderOptions = (command: Command): Command =>
  command
    .option("--app <name>", "the app (default: berth.yaml, else the folder's name)")
    .option("-t, --target <name>", "a server to run on, besides those it runs on, or label=WORD; may be repeated", collect)
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("-f, --file <path>", "a Compose file; may be repeated (default: as Compose finds them)", collect)
    .option("--image <service=image>", "run this image, whatever the Compose file says; may be repeated", collect)
    .option(
      "--build-on <target>",
      "build there alone, and let the other servers get the images (default: each builds for itself)",
    )
    .option("--profile <name>", "services with this profile too; may be repeated (default: as the deployment before)", collect)
    .option("--no-profile", "no services with profiles")
    .option("-n, --namespace <name>", "secrets and variables of this namespace too; may be repeated", collect)
    .option("--allow-plaintext <name>", "let this variable's value stand in a Compose file; may be repeated", collect);

export const parseFolder = (flags: Flags): FolderInput => ({
  app: textOf(flags, "app"),
  environment: textOf(flags, "environment"),
  files: listOf(flags, "file"),
  images: parseImages(listOf(flags, "image")),
  targets: listOf(flags, "target"),
  buildOn: textOf(flags, "buildOn"),
  profiles: parseProfiles(flags),
  namespaces: parseNamespaces(flags),
  plaintext: listOf(flags, "allowPlaintext"),
});

function parseNamespaces(flags: Flags): readonly string[] | undefined {
  const names = listOf(flags, "namespace");
  for (const name of names) checkName(name, "a namespace's name");
  return names.length > 0 ? names.filter((name) => name !== "default") : undefined;
}

export interface Folder {
  readonly project: Project;
  readonly app: string;
  /** Whether a flag or berth.yaml names the app; otherwise the folder's own name does. */
  readonly named: boolean;
  readonly read: Composed;
  /** What to know before it is sent. */
  readonly notes: readonly string[];
  /** Which profiles it has, where that is not plain from COMPOSE_PROFILES. */
  readonly profiles: readonly string[];
  /** What the service is asked to deploy. */
  readonly asked: ReturnType<typeof bodyOf>;
  /** What services are built from, and large files that they mount. */
  readonly archives: Archives;
}

/** @throws Refused for what Compose or the service would refuse for certain */
export async function readFolder(session: Session, input: FolderInput): Promise<Folder> {
  const [{ findProject }, { makeBundle }, { gather }] = await Promise.all([
    import("../compose/project.ts"),
    import("../compose/bundle.ts"),
    import("../build/gather.ts"),
  ]);
  const project = await findProject(session.folder, input.files, session.env);
  const { settings } = project;
  const given = input.app ?? settings.app;
  const app = appName(given, project.folder);
  const environment = input.environment ?? settings.environment;
  if (environment !== undefined) checkName(environment, "an environment's name");
  const chosen = await chooseProfiles(session, project, input.profiles, { app, environment });
  const later = () => addonVariables(session, { app, environment });
  const make = (kept?: ReadonlySet<string>) =>
    makeBundle(project, session.env, input.images, chosen?.names.join(","), later, kept);
  const bundled = await withKept(make, () => keptNames(session, app, environment));
  const { bundle, read, texts } = bundled;
  const { checkPlaintext } = await import("../compose/plaintext.ts");
  const plain = await checkPlaintext(texts, { app, environment, allowed: input.plaintext });
  const profiles = profileNotes(chosen, read);
  const [empty] = bundled.unset;
  const notes = [
    ...profiles,
    ...bundled.notes,
    ...(empty === undefined ? [] : [`What is empty can be set in .env, or with \`berth secret set ${empty} --app ${app}\``]),
    ...plain,
  ];
  const targets = await namedTargets(session, input.targets.length > 0 ? input.targets : (settings.targets ?? []));
  const { archives, notes: told } = await gather(session, project.folder, bundled);
  const asked = bodyOf(bundle, archives, { ...input, environment, targets });
  return { project, app, named: given !== undefined, read, notes: [...notes, ...told], profiles, asked, archives };
}

/** What is set for the environment is asked for only where something is missing here. */
async function withKept(
  make: (kept?: ReadonlySet<string>) => Promise<Bundled>,
  ask: () => Promise<ReadonlySet<string>>,
): Promise<Bundled> {
  const first = await make().catch((error: unknown) => {
    if (isProblem(error, "compose.invalid")) return undefined;
    throw error;
  });
  if (first?.unset.length === 0) return first;
  const kept = await ask();
  return first && !first.unset.some((name) => kept.has(name)) ? first : make(kept);
}

async function keptNames(session: Session, app: string, environment: string | undefined): Promise<ReadonlySet<string>> {
  const api = await session.api();
  const query = environment === undefined ? {} : { environment };
  const found = await body(api.v1.apps[":app"].variables.$get({ param: { app: segment(app) }, query })).catch(
    (error: unknown) => {
      if (isProblem(error, "app.not_found", "token.scope")) return { items: [] };
      throw error;
    },
  );
  return new Set(found.items.map(({ name }) => name));
}

function appName(given: string | undefined, folder: string): string {
  if (given !== undefined) return checkName(given, "an app's name");
  const name = nameOfFolder(folder);
  if (name === undefined)
    throw refuse("cli.no_app", {
      detail: "The folder's name holds nothing an app could be called by.",
      next: ["berth deploy --app NAME"],
    });
  return name;
}

const bodyOf = (
  { compose, composeFiles, files, variables, large }: Bundle,
  { list, mounted }: Archives,
  {
    environment,
    images,
    targets,
    buildOn,
    namespaces,
  }: Pick<FolderInput, "environment" | "images" | "targets" | "buildOn" | "namespaces">,
) => ({
  bundle: {
    ...(compose !== undefined && { compose }),
    ...(composeFiles && { composeFiles: [...composeFiles] }),
    files: [...files],
    variables: { ...variables },
    ...(list.length > 0 && { archives: named(list) }),
    ...(large && { large: { files: [...large], archives: named(mounted) } }),
  },
  ...(environment !== undefined && { environment }),
  ...(Object.keys(images).length > 0 && { images: { ...images } }),
  ...(targets.length > 0 && { targets: [...targets] }),
  ...(buildOn !== undefined && { buildOn }),
  ...(namespaces && { namespaces: [...namespaces] }),
});

const named = (archives: Archives["list"]) => archives.map(({ hash, bytes }) => ({ hash, bytes }));
