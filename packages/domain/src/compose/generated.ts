import { posix } from "node:path";
import { Problem } from "../error.ts";
import { knownDatabase } from "./database.ts";
import { EnvFileError, readEnvFile } from "./env-file.ts";
import { type ComposeFile, type Fields, isFields, type Service } from "./file.ts";
import { isElsewhere } from "./path.ts";
import { type Lookup, TemplateError } from "./template.ts";
import type { Sources } from "./texts.ts";

/**
 * The Compose file that Berth adds to those of a release, as the last one, so that Compose merges it. It only adds: whatever is there already
 * is a conflict that is named, and what a service's own file says of a variable holds.
 */
export interface Addition {
  /** As people know it, such as `The add-on "postgres"`. */
  readonly by: string;
  readonly name: string;
  readonly service: Fields;
  readonly volumes: readonly string[];
  /** The variable that each secret's value is in. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Defaults for services of the project. Compose puts variables into the values. */
  readonly variables: Readonly<Record<string, string>>;
  /** Those that get them; without it, each that reaches the new one and is no database itself. */
  readonly services?: readonly string[] | undefined;
}

/** A project as it is without additions. */
export interface Own {
  readonly file: ComposeFile;
  readonly sources: Sources;
  /** Those of its `.env`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly get: Lookup;
  readonly project: string;
}

/** @throws Problem compose.conflict, naming what is there already */
export function generate(own: Own, additions: readonly Addition[]): string {
  assertWhole(own.file);
  const services: Record<string, Fields> = {};
  // Without a prototype: a service may be called `constructor`.
  const users: Record<string, { environment: Record<string, string>; depends_on: Record<string, Fields> }> = Object.create(null);
  for (const addition of additions) {
    assertNew(own, addition);
    const using = usersOf(own.file, addition);
    services[addition.name] = { ...addition.service, ...networksFor(own.file, using) };
    for (const name of using) {
      const service = own.file.services.get(name) as Service; // usersOf finds them there
      users[name] ??= { environment: {}, depends_on: {} };
      const named = namesIn(own, name, service);
      for (const [variable, value] of Object.entries(addition.variables))
        if (!named.has(variable)) users[name].environment[variable] = value;
      if (!service.depends_on.has(addition.name)) users[name].depends_on[addition.name] = { condition: "service_healthy" };
    }
  }
  const secrets = Object.assign({}, ...additions.map(({ secrets: each }) => each)) as Record<string, string>;
  return `${JSON.stringify(
    {
      services: { ...users, ...services },
      volumes: Object.fromEntries(additions.flatMap(({ volumes }) => volumes.map((name) => [name, {}]))),
      secrets: Object.fromEntries(Object.entries(secrets).map(([name, environment]) => [name, { environment }])),
    },
    null,
    2,
  )}\n`;
}

type What = "service" | "volume" | "secret" | "variable" | "network" | "file";

const conflict = (what: What, name: string, detail: string) => new Problem("compose.conflict", { detail, facts: { what, name } });

/** Berth has to know all that Compose reads, or it could overwrite something of it. */
function assertWhole({ parts, partial, reads }: ComposeFile): void {
  const odd = parts.find((part) => part.odd)?.path;
  const away = partial ? reads.find(({ path }) => isElsewhere(path))?.path : undefined;
  if (odd === undefined && !partial) return;
  const which = (odd ?? away ?? "A file that was not sent").slice(0, 200);
  throw conflict("file", which, `${which} may hold what only Compose on the server can tell, so nothing can be added beside it.`);
}

function assertNew({ file, variables, project }: Own, { by, name, volumes, secrets, variables: given }: Addition): void {
  const has = (what: What, found: string, where: string) =>
    conflict(what, found, `${by} would add the ${what} "${found}", which ${where}.`);
  for (const [own, { container_name, networks }] of file.services) {
    if (own === name) throw has("service", name, "the Compose file has already");
    const aliases = [...networks.values()].flatMap((each) => (isFields(each) && Array.isArray(each.aliases) ? each.aliases : []));
    if ([container_name, ...aliases].includes(name)) throw has("service", name, `is another name of the service "${own}"`);
  }
  for (const volume of volumes) {
    if (file.volumes.has(volume)) throw has("volume", volume, "the Compose file has already");
    for (const [own, fields] of file.volumes)
      if (fields.name === `${project}_${volume}`) throw has("volume", volume, `is the name of the volume "${own}"`);
  }
  for (const secret of Object.keys(secrets))
    if (file.secrets.has(secret)) throw has("secret", secret, "the Compose file has already");
  for (const variable of [...Object.keys(given), ...Object.values(secrets)])
    if (Object.hasOwn(variables, variable)) throw has("variable", variable, "is set in .env or by the shell that calls berth");
}

function usersOf(file: ComposeFile, { by, services }: Addition): string[] {
  for (const name of services ?? [])
    if (!file.services.has(name))
      throw conflict("service", name, `${by} is for the service "${name}", which the Compose file does not have.`);
  const asked = services ?? [...file.services].flatMap(([name, { image }]) => (knownDatabase(String(image ?? "")) ? [] : [name]));
  const reaching = asked.filter((name) => networksOf(file, name).some((network) => !isShared(file, network)));
  const lost = asked.find((name) => !reaching.includes(name));
  if (lost !== undefined && (services !== undefined || reaching.length === 0))
    throw conflict(
      "network",
      lost,
      `${by} cannot be reached from the service "${lost}", which is on no network of its own project. Give it one, such as \`default\`.`,
    );
  return reaching;
}

/** The networks that a service is on; of another one's where it is inside that. */
function networksOf({ services }: ComposeFile, name: string, seen: readonly string[] = []): string[] {
  const service = services.get(name);
  if (!service || seen.includes(name)) return [];
  const { network_mode: mode, networks } = service;
  if (typeof mode === "string" && mode.startsWith("service:"))
    return networksOf({ services } as ComposeFile, mode.slice("service:".length), [...seen, name]);
  if (mode !== undefined && mode !== null && mode !== "") return [];
  return networks.size > 0 ? [...networks.keys()] : ["default"];
}

/** Other projects are on it too, and would find there what is added. */
const isShared = ({ networks }: ComposeFile, name: string) => {
  const external = networks.get(name)?.external;
  return external !== undefined && external !== null && !/^(false|n|no|off)$/i.test(String(external));
};

function networksFor(file: ComposeFile, using: readonly string[]): { networks?: string[] } {
  const own = new Set(using.flatMap((name) => networksOf(file, name)).filter((network) => !isShared(file, network)));
  return own.size === 0 || (own.size === 1 && own.has("default")) ? {} : { networks: [...own].sort() };
}

/** The variables that a service's own files have something to say of. */
function namesIn({ sources, get }: Own, name: string, { environment, env_file }: Service): Set<string> {
  const names = new Set(environment.keys());
  for (const each of env_file) {
    const path = String(isFields(each) ? each.path : each);
    const unread = () =>
      conflict(
        "file",
        path.slice(0, 200),
        `Nobody can tell which variables the service "${name}" has from ${path.slice(0, 200)}.`,
      );
    if (isElsewhere(path)) throw unread();
    const text = sources.text(posix.normalize(path));
    if (text === undefined) continue; // .env, whose variables are looked at as such, or one that may be absent
    try {
      for (const variable of readEnvFile(text, leniently(get)).keys()) names.add(variable);
    } catch (error) {
      if (error instanceof EnvFileError) throw unread();
      throw error;
    }
  }
  return names;
}

const leniently =
  (get: Lookup): Lookup =>
  (name) => {
    try {
      return get(name) ?? "";
    } catch (error) {
      if (error instanceof TemplateError) return "";
      throw error;
    }
  };
