import { posix } from "node:path";
import { EnvFileError, readEnvFile } from "./env-file.ts";
import { ComposeError, type ComposeFile, type Fields, fill, isFields, type Service } from "./file.ts";
import { fileIn, filled, isElsewhere, pathIn } from "./path.ts";
import { isBound, overService, serviceOf } from "./service.ts";
import { type Lookup, TemplateError } from "./template.ts";
import { type Sources, Texts, TOO_LARGE } from "./texts.ts";
import { COPIES_MOST, type Yaml } from "./yaml.ts";

/** Characters after interpolation: a long value can be referenced on every line. */
const FILLED_MOST = 2 * 1024 * 1024;
const INCLUDES_MOST = 200;

/** Pass `first` if the first file is already parsed. @throws ComposeError */
export const readProject = (sources: Sources, get: Lookup, first?: Yaml): ComposeFile => new Merger(sources, get, first).merge();

const tops = ["configs", "secrets", "volumes", "networks"] as const;

interface Model {
  readonly services: Map<string, Service>;
  readonly configs: Map<string, Fields>;
  readonly secrets: Map<string, Fields>;
  readonly volumes: Map<string, Fields>;
  readonly networks: Map<string, Fields>;
}

const emptyModel = (): Model => ({
  services: new Map(),
  configs: new Map(),
  secrets: new Map(),
  volumes: new Map(),
  networks: new Map(),
});

/** Where a text stands: what its variables are, and where its paths start. */
interface Scope {
  readonly get: Lookup;
  readonly variables: ReadonlyMap<string, string>;
  readonly folder: string;
  /** The file, where it is one that is extended. */
  readonly file: string;
  /** What is included around it. */
  readonly within: readonly string[];
  /** Services as they are with what they extend. */
  readonly extended: Map<Fields, Map<string, Service>>;
  /** Of the files that are extended. */
  readonly others: Map<string, Scope>;
}

const none: ReadonlySet<string> = new Set();

class Merger {
  readonly #sources: Sources;
  readonly #get: Lookup;
  readonly #texts: Texts;
  #includes = 0;
  #filled = 0;

  constructor(sources: Sources, get: Lookup, first: Yaml | undefined) {
    this.#sources = sources;
    this.#get = get;
    this.#texts = new Texts(sources, first);
  }

  merge(): ComposeFile {
    const own = { get: this.#get, variables: new Map(), folder: "", within: [] };
    const model = this.#model(this.#sources.files, { ...own, file: "", extended: new Map(), others: new Map() });
    const { parts, reads, partial } = this.#texts;
    return { ...model, parts, reads, partial };
  }

  #model(paths: readonly string[], scope: Scope): Model {
    const model = emptyModel();
    for (const path of paths) {
      for (const document of this.#texts.documents(path, scope.variables) ?? []) {
        if (document === null) continue;
        if (!isFields(document)) throw this.#texts.wrong(path, "It is no mapping; a Compose file begins with `services:`.");
        const cleared = this.#texts.cleared(document);
        for (const kind of ["services", ...tops] as const) if (cleared.has(kind)) model[kind].clear();
        for (const kind of tops)
          for (const [name, fields] of members(document[kind]))
            model[kind].set(name, { ...model[kind].get(name), ...this.#top(kind, fields, scope) });
        this.#services(document.services, model.services, scope);
        this.#include(document.include, model, scope);
      }
    }
    return model;
  }

  #top(kind: (typeof tops)[number], value: unknown, scope: Scope): Fields {
    if (!isFields(value)) return {};
    const own = filled(value, (each) => this.#fill(each, scope)) as Fields;
    if (kind === "volumes") {
      if (!isFields(own.driver_opts)) return own;
      const options = filled(own.driver_opts, (each) => this.#fill(each, scope)) as Fields;
      return { ...own, driver_opts: isBound(options) ? this.#placed(options, "device", scope) : options };
    }
    return kind === "networks" ? own : this.#placed(own, "file", scope);
  }

  #placed(fields: Fields, key: string, { folder }: Scope): Fields {
    const path = fields[key];
    return typeof path === "string" ? { ...fields, [key]: pathIn(folder, path) } : fields;
  }

  #services(given: unknown, merged: Map<string, Service>, scope: Scope): void {
    if (given === undefined || given === null) return;
    if (!isFields(given)) throw new ComposeError("`services` is no mapping of names to services.");
    for (const name of this.#texts.cleared(given)) merged.delete(name);
    for (const name in given) {
      const service = this.#extended(name, given, new Set(), scope);
      const before = merged.get(name);
      const fields = given[name];
      merged.set(name, before && isFields(fields) ? this.#over(before, service, this.#texts.cleared(fields)) : service);
    }
  }

  #extended(name: string, services: Fields, asking: Set<string>, scope: Scope): Service {
    const known = scope.extended.get(services) ?? new Map<string, Service>();
    scope.extended.set(services, known);
    const found = known.get(name);
    if (found) return found;
    const said = `Service "${name.slice(0, 80)}"`;
    const fields = services[name] ?? {};
    if (!isFields(fields)) throw new ComposeError(`${said} is no mapping.`);
    let service = serviceOf(name, fields, scope.folder, (value) => this.#fill(value, scope));
    const { extends: base } = fields;
    const of = this.#fill(isFields(base) ? base.service : base, scope);
    const file = isFields(base) ? this.#fill(base.file, scope) : undefined;
    const asked = `${scope.file}\0${name}`;
    if (asking.has(asked)) throw new ComposeError(`${said} extends itself.`);
    asking.add(asked);
    if (typeof of === "string" && typeof file === "string") {
      const other = this.#ofFile(fileIn(scope.folder, file), of, name, asking, scope);
      if (other) service = this.#over(other, service, this.#texts.cleared(fields));
    } else if (typeof of === "string") {
      if (!(of in services)) throw new ComposeError(`${said} extends "${of.slice(0, 80)}", and there is no such service.`);
      service = this.#over(this.#extended(of, services, asking, scope), service, this.#texts.cleared(fields));
    }
    asking.delete(asked);
    known.set(name, service);
    return service;
  }

  /** A service of another file, whose paths start at that file's own folder. Undefined when the file is not at hand. */
  #ofFile(given: string, name: string, by: string, asking: Set<string>, scope: Scope): Service | undefined {
    const path = isElsewhere(given) ? given : posix.normalize(given);
    if (!scope.others.has(path)) this.#texts.reads.push({ path, by: `service ${by}`, needed: true });
    const folder = folderOf(path);
    const there = scope.others.get(path) ?? { ...scope, folder, file: path, extended: new Map() };
    scope.others.set(path, there);
    const documents = this.#texts.documents(path, scope.variables);
    if (!documents) return undefined;
    let service: Service | undefined;
    for (const document of documents) {
      const services = isFields(document) ? document.services : undefined;
      if (!isFields(services) || !(name in services)) continue;
      const own = this.#extended(name, services, asking, there);
      const fields = services[name];
      service = service && isFields(fields) ? this.#over(service, own, this.#texts.cleared(fields)) : own;
    }
    if (service) return service;
    throw this.#texts.wrong(path, `There is no service "${name.slice(0, 80)}" in it, which "${by.slice(0, 80)}" extends.`);
  }

  #include(given: unknown, model: Model, scope: Scope): void {
    if (!Array.isArray(given)) return;
    for (const entry of given) {
      if (++this.#includes > INCLUDES_MOST) throw new ComposeError(`It includes more than ${INCLUDES_MOST} files.`, true);
      const fields: Fields = isFields(entry) ? entry : { path: entry };
      const paths = this.#list(fields.path, scope).map((path) => fileIn(scope.folder, path));
      const [path] = paths;
      if (path === undefined) continue;
      if (scope.within.includes(path)) throw new ComposeError(`${path.slice(0, 80)} includes itself.`);
      for (const each of paths) this.#texts.reads.push({ path: each, by: "include", needed: true });
      if (paths.some(isElsewhere)) {
        this.#texts.partial = true;
        continue;
      }
      const [asked = ""] = this.#list(fields.project_directory, scope);
      const folder = asked === "" ? folderOf(path) : folderOf(posix.join(pathIn(scope.folder, asked), "in"));
      const variables = this.#variables(this.#list(fields.env_file, scope), folder, scope);
      const included = this.#model(paths, {
        get: (name) => scope.get(name) ?? variables.get(name),
        variables: new Map([...variables, ...scope.variables]),
        folder,
        file: "",
        within: [...scope.within, path],
        extended: new Map(),
        others: new Map(),
      });
      this.#add(included, model);
    }
  }

  #add(included: Model, model: Model): void {
    for (const kind of tops)
      for (const [name, fields] of included[kind]) model[kind].set(name, { ...fields, ...model[kind].get(name) });
    for (const [name, service] of included.services) {
      const own = model.services.get(name);
      model.services.set(name, own ? this.#over(service, own, none) : service);
    }
  }

  #list(value: unknown, scope: Scope): string[] {
    const all = Array.isArray(value) ? value : [value];
    return all.map((each) => this.#fill(each, scope)).filter((each) => typeof each === "string");
  }

  /** The variables of what is included: those of the files named, else of the `.env` in its folder. */
  #variables(named: readonly string[], folder: string, scope: Scope): Map<string, string> {
    const files = named.filter((path) => path !== "/dev/null").map((path) => pathIn(scope.folder, path));
    const found = new Map<string, string>();
    const outer: Lookup = (name) => {
      try {
        return scope.get(name) ?? found.get(name);
      } catch (error) {
        if (error instanceof TemplateError) return undefined;
        throw error;
      }
    };
    for (const file of named.length > 0 ? files : [pathIn(folder, ".env")]) {
      const path = isElsewhere(file) ? file : posix.normalize(file);
      if (path === ".env") continue; // is the project's
      this.#texts.reads.push({ path, by: "include", needed: named.length > 0, variables: true });
      try {
        for (const [name, value] of readEnvFile(this.#texts.other(path) ?? "", outer)) found.set(name, value);
      } catch (error) {
        if (!(error instanceof EnvFileError)) throw error;
        throw this.#texts.wrong(path, `Line ${error.line}: ${error.message}.`);
      }
    }
    return found;
  }

  #over(before: Service, own: Service, cleared: ReadonlySet<string>): Service {
    return overService(before, own, cleared, (items) => this.#counted(items));
  }

  #fill(value: unknown, { get }: Scope): unknown {
    const text = fill(value, get);
    if (typeof text === "string") this.#filled += text.length;
    if (this.#filled > FILLED_MOST) throw new ComposeError("With its variables put in it is too long.", true);
    return text;
  }

  #counted<T>(items: readonly T[]): readonly T[] {
    const { spent } = this.#texts;
    spent.copies += items.length;
    if (spent.copies > COPIES_MOST) throw new ComposeError(TOO_LARGE, true);
    return items;
  }
}

const members = (value: unknown): [string, unknown][] => (isFields(value) ? Object.entries(value) : []);

const folderOf = (path: string): string => {
  const folder = posix.dirname(posix.normalize(path));
  return folder === "." ? "" : folder;
};
