import { type ComposeFile, type Fields, fill, isActive, isFields, type Service } from "@berth/domain/compose/file.ts";
import type { Lookup } from "@berth/domain/compose/template.ts";

/** A path that a Compose file reads or mounts. */
export interface Mention {
  readonly path: string;
  readonly by: string;
  /** Compose fails without it; a folder to mount is made by Docker where it is missing. */
  readonly needed: boolean;
  /** It is a file of variables whose references Compose follows. */
  readonly variables?: boolean;
}

export interface Mentions {
  /** Relative to the Compose file. */
  readonly local: readonly Mention[];
  /** Files that Compose reads on the server, because their path begins at its root or at a home. */
  readonly remote: readonly Mention[];
}

/** Everything that a Compose file reads or mounts. `profiles` are those asked for. */
export function mentionsIn(file: ComposeFile, get: Lookup, profiles: string | undefined): Mentions {
  const used = { configs: new Set<string>(), secrets: new Set<string>() };
  const services = [...file.services].flatMap(([name, service]) => {
    const active = isActive(service, profiles);
    if (active)
      for (const kind of ["configs", "secrets"] as const) for (const each of service[kind]) used[kind].add(sourceOf(each, get));
    const found = [
      ...mounts(name, service, get),
      ...envFiles(name, service, get),
      ...labelFiles(name, service),
      ...seccompProfiles(name, service),
    ];
    return active ? found : found.map((mention) => ({ ...mention, needed: false, variables: false }));
  });
  const shared = (["configs", "secrets"] as const).flatMap((kind) =>
    [...file[kind]].flatMap(([name, fields]) => {
      const path = fill(fields.file, get);
      return typeof path === "string" ? [{ path, by: `${kind.slice(0, -1)} ${name}`, needed: used[kind].has(name) }] : [];
    }),
  );
  const volumes = [...file.volumes].flatMap(([name, fields]) => device(name, fields, get));
  const all = [...services, ...shared, ...volumes];
  return { local: all.filter(({ path }) => !isRemote(path)), remote: all.filter(({ path, needed }) => needed && isRemote(path)) };
}

/** From the root, from a home, or from a variable that only the server knows. */
const isRemote = (path: string) => /^[/~$]/.test(path);

const sourceOf = (entry: unknown, get: Lookup) => String(isFields(entry) ? fill(entry.source, get) : entry);

function mounts(name: string, service: Service, get: Lookup): Mention[] {
  return service.volumes.flatMap((volume) => {
    const by = `service ${name}`;
    if (isFields(volume)) {
      const path = fill(volume.source, get);
      // In the long form a path needs no leading dot.
      return fill(volume.type, get) !== "bind" || typeof path !== "string" || isRemote(path) ? [] : [{ path, by, needed: false }];
    }
    const [source = "", target] = String(volume).split(":");
    return target !== undefined && source.startsWith(".") ? [{ path: source, by, needed: false }] : [];
  });
}

function envFiles(name: string, service: Service, get: Lookup): Mention[] {
  return service.env_file.flatMap((entry) => {
    const path = isFields(entry) ? fill(entry.path, get) : entry;
    if (typeof path !== "string") return [];
    const required = isFields(entry) ? fill(entry.required, get) : undefined;
    const raw = isFields(entry) && entry.format !== undefined;
    const optional = required === false || /^(false|n|no|off)$/i.test(String(required));
    return [{ path, by: `service ${name}`, needed: !optional, variables: !raw }];
  });
}

const labelFiles = (name: string, service: Service): Mention[] =>
  service.label_file.flatMap((path) => (typeof path === "string" ? [{ path, by: `service ${name}`, needed: true }] : []));

/** Compose reads a profile where it starts the service, so on the server. */
const seccompProfiles = (name: string, service: Service): Mention[] =>
  service.security_opt.flatMap((option) => {
    const path = /^seccomp[=:](.+)$/.exec(String(option))?.[1];
    return path === undefined || path === "unconfined" || path === "builtin"
      ? []
      : [{ path, by: `service ${name}`, needed: true }];
  });

/** A volume that is a folder of the server's under another name. */
function device(name: string, fields: Fields, get: Lookup): Mention[] {
  const options = isFields(fields.driver_opts) ? fields.driver_opts : {};
  const path = fill(options.device, get);
  const bound = String(fill(options.o, get) ?? "")
    .split(",")
    .includes("bind");
  return bound && typeof path === "string" && !isRemote(path) ? [{ path, by: `volume ${name}`, needed: false }] : [];
}
