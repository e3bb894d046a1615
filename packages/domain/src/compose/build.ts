import { type Fields, isFields, type Service } from "./file.ts";
import { filled, isElsewhere, pathIn } from "./path.ts";

/** What a build reads of the project's folder; everything else of it is Compose's on the server. */
export interface Build {
  /** A folder from the project's folder, or an address. */
  readonly context: string;
  /** From the context. Not there where the text is in the Compose file. */
  readonly dockerfile: string | undefined;
  readonly additional: readonly string[];
  /** Names of the file's secrets. */
  readonly secrets: readonly string[];
}

/** A service's `build` with its paths from the project's folder. A text is its context. */
export function buildIn(folder: string, build: unknown, fill: (value: unknown) => unknown): Fields | undefined {
  if (build === undefined || build === null) return undefined;
  const fields = isFields(build) ? (filled(build, fill) as Fields) : { context: fill(build) };
  const { context = ".", additional_contexts: more } = fields;
  const placed = (path: unknown) => (typeof path === "string" && !isNamed(path) ? pathIn(folder, path) : path);
  return { ...fields, context: placed(context), ...(more !== undefined && { additional_contexts: mapped(more, placed, fill) }) };
}

/** A later file's `build` over an earlier one's. */
export const overBuild = (before: unknown, own: unknown): unknown => {
  if (!isFields(before) || !isFields(own)) return own ?? before;
  const more = { ...fieldsOf(before.additional_contexts), ...fieldsOf(own.additional_contexts) };
  return { ...before, ...own, ...(Object.keys(more).length > 0 && { additional_contexts: more }) };
};

export function buildOf({ build }: Pick<Service, "build">): Build {
  const fields = fieldsOf(build);
  const inline = fields.dockerfile_inline !== undefined;
  const secrets = Array.isArray(fields.secrets) ? fields.secrets : [];
  return {
    context: String(fields.context ?? "."),
    dockerfile: inline ? undefined : String(fields.dockerfile ?? "Dockerfile"),
    additional: Object.values(fieldsOf(fields.additional_contexts)).map(String),
    secrets: secrets.map((secret) => String(isFields(secret) ? secret.source : secret)),
  };
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** Whether a context is a folder of the project's. */
export const isLocal = (path: string): boolean => !isElsewhere(path) && !isNamed(path);

/** Another service's image, an image, a layout of one or a repository: no folder. */
const isNamed = (path: string) => /^(service:|docker-image:|oci-layout:|target:|github\.com\/)/.test(path);

function mapped(more: unknown, placed: (path: unknown) => unknown, fill: (value: unknown) => unknown): Fields {
  const entries = isFields(more) ? Object.entries(more) : Array.isArray(more) ? more.map((each) => pair(String(each))) : [];
  return Object.fromEntries(entries.map(([name, path]) => [name, placed(fill(path))]));
}

function pair(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}
