import { interpolate, type Lookup, TemplateError } from "./template.ts";

/** A project's Compose files merged and interpolated as Compose does it, as far as Berth has to know before Compose on the server reads them. */
export interface ComposeFile {
  readonly services: ReadonlyMap<string, Service>;
  readonly configs: ReadonlyMap<string, Fields>;
  readonly secrets: ReadonlyMap<string, Fields>;
  readonly volumes: ReadonlyMap<string, Fields>;
  readonly networks: ReadonlyMap<string, Fields>;
  readonly parts: readonly Part[];
  /** The files read besides those named: what they include and extend, and the variables of what is included. */
  readonly reads: readonly Read[];
  /** Some of it is not at hand, so only Compose on the server knows the whole. */
  readonly partial: boolean;
}

/** A text of the project, with the variables that hold in it besides those of the project. */
export interface Part {
  readonly path: string;
  readonly documents: readonly unknown[];
  readonly variables: ReadonlyMap<string, string>;
  /** Compose may read another thing in it (yaml.ts). */
  readonly odd: boolean;
}

export interface Read {
  /** From the project's folder. */
  readonly path: string;
  readonly by: string;
  readonly needed: boolean;
  /** It is a file of variables, and no Compose file. */
  readonly variables?: true;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Its paths start at the project's folder, whichever file they are from. */
export interface Service {
  readonly image?: unknown;
  readonly build?: unknown;
  readonly provider?: unknown;
  readonly pull_policy?: unknown;
  readonly typo?: string;
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
  readonly container_name?: unknown;
  readonly network_mode?: unknown;
  /** With what is said of it there. */
  readonly networks: ReadonlyMap<string, unknown>;
  readonly depends_on: ReadonlySet<string>;
}

export class ComposeError extends Error {
  readonly limit: boolean;

  constructor(message: string, limit = false) {
    super(message);
    this.limit = limit;
  }
}

export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

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

/** Whether Berth keeps a profile of that name: one that Compose takes, and not too long. */
export const isProfile = (name: string): boolean => /^[a-zA-Z0-9*][a-zA-Z0-9_.-]{0,99}$/.test(name);

/** What COMPOSE_PROFILES names. */
export const profilesIn = (asked: string): string[] =>
  asked
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

export function isActive({ profiles }: Service, asked: string | undefined): boolean {
  if (profiles.length === 0) return true;
  const wanted = new Set(profilesIn(asked ?? ""));
  return wanted.has("*") || profiles.some((profile) => wanted.has(String(profile)));
}
