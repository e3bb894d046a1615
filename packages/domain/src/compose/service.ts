import { posix } from "node:path";
import { buildIn, overBuild } from "./build.ts";
import { ComposeError, type Fields, isFields, type Service } from "./file.ts";
import { filled, pathIn } from "./path.ts";

const scalars = ["image", "provider", "pull_policy", "container_name", "network_mode"] as const;
const lists = ["profiles", "ports", "volumes", "env_file", "label_file", "configs", "secrets", "security_opt"] as const;

/** Whether a volume with these `driver_opts` is a folder of the server's under another name: the one that `device` names. */
export const isBound = (options: Fields): boolean =>
  String(options.o ?? "")
    .split(",")
    .includes("bind");

/** A service as one file has it. `fill` puts in variables; its paths start at `folder`. */
export function serviceOf(name: string, fields: Fields, folder: string, fill: (value: unknown) => unknown): Service {
  const of = (key: string) => fill(fields[key] ?? undefined);
  const list = (key: string): unknown[] => {
    const value = of(key);
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((each) => filled(each, fill));
  };
  const ports = of("ports");
  if (ports !== undefined && !Array.isArray(ports))
    throw new ComposeError(`Service "${name.slice(0, 80)}": \`ports\` is no list.`);
  const typo = Object.keys(fields).find(
    (key) => /^(im?a?ges?|imag|iamge|imgae|imaeg|img|mage|image_?name)$/i.test(key) && key !== "image",
  );
  const path = (each: unknown) => (typeof each === "string" ? pathIn(folder, each) : each);
  const placed: Partial<Record<(typeof lists)[number], (each: unknown) => unknown>> = {
    volumes: (each) => mountIn(folder, each),
    env_file: (each) => (isFields(each) ? { ...each, path: path(each.path) } : path(each)),
    label_file: path,
  };
  const entries = lists.map((key) => {
    const place = placed[key];
    return [key, place && folder !== "" ? list(key).map(place) : list(key)] as const;
  });
  return {
    ...Object.fromEntries(scalars.map((key) => [key, of(key)])),
    build: buildIn(folder, fields.build, fill),
    ...(typo !== undefined && { typo }),
    ...(Object.fromEntries(entries) as Record<(typeof lists)[number], unknown[]>),
    environment: new Map(isFields(fields.environment) ? Object.entries(fields.environment) : list("environment").map(assignment)),
    networks: new Map(
      isFields(fields.networks) ? Object.entries(fields.networks) : list("networks").map((each) => [String(each), null]),
    ),
    depends_on: new Set(isFields(fields.depends_on) ? Object.keys(fields.depends_on) : list("depends_on").map(String)),
  };
}

function mountIn(folder: string, volume: unknown): unknown {
  if (isFields(volume))
    return volume.type === "bind" && typeof volume.source === "string"
      ? { ...volume, source: pathIn(folder, volume.source) }
      : volume;
  const text = String(volume);
  const [source = ""] = text.split(":");
  return source.startsWith(".") ? `./${posix.join(folder, source)}${text.slice(source.length)}` : volume;
}

/** A service over what it was before: `own` wins, and lists grow. `counted` bounds what is copied. */
export function overService(
  before: Service,
  own: Service,
  cleared: ReadonlySet<string>,
  counted: <T>(items: readonly T[]) => readonly T[],
): Service {
  const base = Object.fromEntries(Object.entries(before).filter(([key]) => !cleared.has(key)));
  const join = (key: (typeof lists)[number]) => [...counted((base[key] as unknown[]) ?? []), ...own[key]];
  const inherited = (base.environment as Service["environment"] | undefined) ?? new Map();
  return {
    ...base,
    ...Object.fromEntries(scalars.flatMap((key) => (own[key] === undefined ? [] : [[key, own[key]]]))),
    build: overBuild(base.build, own.build),
    ...(Object.fromEntries(lists.map((key) => [key, join(key)])) as Record<(typeof lists)[number], unknown[]>),
    environment: new Map([...counted([...inherited]), ...own.environment]),
    networks: new Map([...counted([...((base.networks as Service["networks"] | undefined) ?? [])]), ...own.networks]),
    depends_on: new Set([...counted([...((base.depends_on as Service["depends_on"] | undefined) ?? [])]), ...own.depends_on]),
  };
}

function assignment(entry: unknown): [string, unknown] {
  const text = String(entry);
  const equals = text.indexOf("=");
  return equals < 0 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)];
}
