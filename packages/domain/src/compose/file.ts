import { interpolate, type Lookup, TemplateError } from "./template.ts";
import { COPIES_MOST, readYaml, type Yaml, YamlError } from "./yaml.ts";

/** A Compose file merged and interpolated as Compose does it, as far as Berth has to know before Compose on the server reads it. */
export interface ComposeFile {
  readonly services: ReadonlyMap<string, Service>;
  readonly configs: ReadonlyMap<string, Fields>;
  readonly secrets: ReadonlyMap<string, Fields>;
  readonly volumes: ReadonlyMap<string, Fields>;
  readonly includes: boolean;
  readonly documents: readonly unknown[];
}

export type Fields = Readonly<Record<string, unknown>>;

export interface Service {
  readonly image?: unknown;
  readonly build?: unknown;
  readonly provider?: unknown;
  readonly typo?: string;
  readonly foreign?: string;
  readonly profiles: readonly unknown[];
  readonly ports: readonly unknown[];
  readonly volumes: readonly unknown[];
  readonly env_file: readonly unknown[];
  readonly label_file: readonly unknown[];
  readonly configs: readonly unknown[];
  readonly secrets: readonly unknown[];
  readonly security_opt: readonly unknown[];
  /** Null for a name without a value. */
  readonly environment: ReadonlyMap<string, unknown>;
}

export class ComposeError extends Error {
  readonly limit: boolean;

  constructor(message: string, limit = false) {
    super(message);
    this.limit = limit;
  }
}

export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const scalars = ["image", "build", "provider"] as const;
const lists = ["profiles", "ports", "volumes", "env_file", "label_file", "configs", "secrets", "security_opt"] as const;
const tops = ["configs", "secrets", "volumes"] as const;

/** Text that Compose refuses stays as it is: Compose then reports why. */
export function fill(value: unknown, get: Lookup): unknown {
  if (typeof value !== "string") return value;
  try {
    return interpolate(value, get);
  } catch (error) {
    if (error instanceof TemplateError) return value;
    throw error;
  }
}

/** Characters after interpolation: a long value can be referenced on every line. */
const FILLED_MOST = 2 * 1024 * 1024;

/** Pass `yaml` if the text is already parsed. @throws ComposeError */
export function readFile(text: string, get: Lookup, yaml?: Yaml): ComposeFile {
  try {
    return new Merger(get, yaml ?? readYaml(text)).merge();
  } catch (error) {
    if (error instanceof YamlError) throw new ComposeError(error.message, error.limit);
    throw error;
  }
}

const none: ReadonlySet<string> = new Set();

class Merger {
  readonly #get: Lookup;
  readonly #yaml: Yaml;
  #filled = 0;

  constructor(get: Lookup, yaml: Yaml) {
    this.#get = get;
    this.#yaml = yaml;
  }

  merge(): ComposeFile {
    const { documents } = this.#yaml;
    const services = new Map<string, Service>();
    const top = { configs: new Map<string, Fields>(), secrets: new Map<string, Fields>(), volumes: new Map<string, Fields>() };
    let includes = false;
    for (const document of documents) {
      if (document === null) continue;
      if (!isFields(document)) throw new ComposeError("It is no mapping; a Compose file begins with `services:`.");
      for (const name of this.#cleared(document)) {
        if (name === "services") services.clear();
        for (const kind of tops) if (name === kind) top[kind].clear();
      }
      if (
        Array.isArray(document.include)
          ? document.include.length > 0
          : document.include !== undefined && document.include !== null
      )
        includes = true;
      for (const kind of tops)
        for (const [name, fields] of this.#members(document[kind]))
          top[kind].set(name, { ...top[kind].get(name), ...(isFields(fields) && fields) });
      this.#services(document.services, services);
    }
    return { services, ...top, includes, documents };
  }

  #services(given: unknown, merged: Map<string, Service>): void {
    if (given === undefined || given === null) return;
    if (!isFields(given)) throw new ComposeError("`services` is no mapping of names to services.");
    for (const name of this.#cleared(given)) merged.delete(name);
    const extended = new Map<string, Service>();
    for (const name in given) {
      const service = this.#extended(name, given, extended, new Set());
      const before = merged.get(name);
      const fields = given[name];
      merged.set(name, before && isFields(fields) ? this.#over(before, service, this.#cleared(fields)) : service);
    }
  }

  #extended(name: string, services: Fields, known: Map<string, Service>, asking: Set<string>): Service {
    const found = known.get(name);
    if (found) return found;
    const fields = services[name] ?? {};
    if (!isFields(fields)) throw new ComposeError(`Service "${name.slice(0, 80)}" is no mapping.`);
    let service = this.#own(name, fields);
    const { extends: base } = fields;
    const file = isFields(base) ? this.#fill(base.file) : undefined;
    const of = this.#fill(isFields(base) ? base.service : base);
    if (file !== undefined && file !== null && !/^(\.\/)?compose\.yaml$/.test(String(file)))
      service = { ...service, foreign: String(file) };
    else if (typeof of === "string") {
      asking.add(name);
      if (asking.has(of)) throw new ComposeError(`Service "${name.slice(0, 80)}" extends itself.`);
      if (!(of in services))
        throw new ComposeError(`Service "${name.slice(0, 80)}" extends "${of.slice(0, 80)}", and there is no such service.`);
      service = this.#over(this.#extended(of, services, known, asking), service, this.#cleared(fields));
    }
    known.set(name, service);
    return service;
  }

  #own(name: string, fields: Fields): Service {
    const of = (key: string) => this.#fill(fields[key] ?? undefined);
    const list = (key: string): unknown[] => {
      const value = of(key);
      return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((each) => this.#fill(each));
    };
    const ports = of("ports");
    if (ports !== undefined && !Array.isArray(ports))
      throw new ComposeError(`Service "${name.slice(0, 80)}": \`ports\` is no list.`);
    const typo = Object.keys(fields).find(
      (key) => /^(im?a?ges?|imag|iamge|imgae|imaeg|img|mage|image_?name)$/i.test(key) && key !== "image",
    );
    return {
      ...Object.fromEntries(scalars.map((key) => [key, of(key)])),
      ...(typo !== undefined && { typo }),
      ...(Object.fromEntries(lists.map((key) => [key, list(key)])) as Record<(typeof lists)[number], unknown[]>),
      environment: new Map(
        isFields(fields.environment) ? Object.entries(fields.environment) : list("environment").map(assignment),
      ),
    };
  }

  #over(before: Service, own: Service, cleared: ReadonlySet<string>): Service {
    const base = Object.fromEntries(Object.entries(before).filter(([key]) => !cleared.has(key)));
    const join = (key: (typeof lists)[number]) => [...this.#counted((base[key] as unknown[]) ?? []), ...own[key]];
    const inherited = (base.environment as Service["environment"] | undefined) ?? new Map();
    return {
      ...base,
      ...Object.fromEntries(scalars.flatMap((key) => (own[key] === undefined ? [] : [[key, own[key]]]))),
      ...(own.foreign !== undefined && { foreign: own.foreign }),
      ...(Object.fromEntries(lists.map((key) => [key, join(key)])) as Record<(typeof lists)[number], unknown[]>),
      environment: new Map([...this.#counted([...inherited]), ...own.environment]),
    };
  }

  #fill(value: unknown): unknown {
    const filled = fill(value, this.#get);
    if (typeof filled === "string") this.#filled += filled.length;
    if (this.#filled > FILLED_MOST) throw new ComposeError("With its variables put in it is too long.", true);
    return filled;
  }

  #counted<T>(items: readonly T[]): readonly T[] {
    const { spent } = this.#yaml;
    spent.copies += items.length;
    if (spent.copies > COPIES_MOST) throw new ComposeError("What its services take over makes it too large.", true);
    return items;
  }

  #cleared(fields: Fields): ReadonlySet<string> {
    return this.#yaml.cleared.get(fields) ?? none;
  }

  #members(value: unknown): [string, unknown][] {
    return isFields(value) ? Object.entries(value) : [];
  }
}

function assignment(entry: unknown): [string, unknown] {
  const text = String(entry);
  const equals = text.indexOf("=");
  return equals < 0 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)];
}

export function isActive({ profiles }: Service, asked: string | undefined): boolean {
  if (profiles.length === 0) return true;
  const wanted = new Set((asked ?? "").split(",").map((name) => name.trim()));
  return wanted.has("*") || profiles.some((profile) => wanted.has(String(profile)));
}
