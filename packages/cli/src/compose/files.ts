import { type ComposeFile, type Fields, isActive, isFields, type Service } from "@berth/domain/compose/file.ts";
import { isElsewhere } from "@berth/domain/compose/path.ts";
import { isBound } from "@berth/domain/compose/service.ts";

/** A path that a Compose file reads or mounts. */
export interface Mention {
  readonly path: string;
  readonly by: string;
  /** Compose fails without it; a folder to mount is made by Docker where it is missing. */
  readonly needed: boolean;
  /** It is a file of variables whose references Compose follows. */
  readonly variables?: boolean;
  /** Only containers read it, and Compose does not. */
  readonly mounted?: true;
}

export interface Mentions {
  /** Relative to the Compose file. */
  readonly local: readonly Mention[];
  /** Files that Compose reads on the server, because their path begins at its root or at a home. */
  readonly remote: readonly Mention[];
}

/** Everything that a Compose file reads or mounts. `profiles` are those asked for. */
export function mentionsIn(file: ComposeFile, profiles: string | undefined): Mentions {
  const used = { configs: new Set<string>(), secrets: new Set<string>() };
  const services = [...file.services].flatMap(([name, service]) => {
    const active = isActive(service, profiles);
    if (active)
      for (const kind of ["configs", "secrets"] as const) for (const each of service[kind]) used[kind].add(sourceOf(each));
    const found = [
      ...mounts(name, service),
      ...envFiles(name, service),
      ...labelFiles(name, service),
      ...seccompProfiles(name, service),
    ];
    return active ? found : found.map((mention) => ({ ...mention, needed: false, variables: false }));
  });
  const shared = (["configs", "secrets"] as const).flatMap((kind) =>
    [...file[kind]].flatMap(([name, fields]) => {
      const path = fields.file;
      return typeof path === "string"
        ? [{ path, by: `${kind.slice(0, -1)} ${name}`, needed: used[kind].has(name), mounted: true as const }]
        : [];
    }),
  );
  const volumes = [...file.volumes].flatMap(([name, fields]) => device(name, fields));
  const reads = file.reads.map(({ path, by, needed, variables = false }) => ({ path, by, needed, variables }));
  const all = [...reads, ...services, ...shared, ...volumes];
  return {
    local: all.filter(({ path }) => !isElsewhere(path)),
    remote: all.filter(({ path, needed }) => needed && isElsewhere(path)),
  };
}

const sourceOf = (entry: unknown) => String(isFields(entry) ? entry.source : entry);

function mounts(name: string, service: Service): Mention[] {
  return service.volumes.flatMap((volume) => {
    const by = `service ${name}`;
    if (isFields(volume)) {
      const path = volume.source;
      // In the long form a path needs no leading dot.
      return volume.type !== "bind" || typeof path !== "string" || isElsewhere(path)
        ? []
        : [{ path, by, needed: false, mounted: true }];
    }
    const [source = "", target] = String(volume).split(":");
    return target !== undefined && source.startsWith(".") ? [{ path: source, by, needed: false, mounted: true }] : [];
  });
}

function envFiles(name: string, service: Service): Mention[] {
  return service.env_file.flatMap((entry) => {
    const path = isFields(entry) ? entry.path : entry;
    if (typeof path !== "string") return [];
    const required = isFields(entry) ? entry.required : undefined;
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

function device(name: string, fields: Fields): Mention[] {
  const options = isFields(fields.driver_opts) ? fields.driver_opts : {};
  const path = options.device;
  return isBound(options) && typeof path === "string" && !isElsewhere(path)
    ? [{ path, by: `volume ${name}`, needed: false, mounted: true }]
    : [];
}
