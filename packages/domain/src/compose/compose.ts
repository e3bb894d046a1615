import { posix } from "node:path";
import { type Document, isScalar, parseDocument, visit } from "yaml";
import * as z from "zod";
import { Problem } from "../error.ts";

/**
 * The parts of a Compose file that decide whether and how it can be deployed. `docker compose config` on the server has the last word;
 * what can be known earlier is refused here, before anything is written.
 */
const Service = z.looseObject({
  image: z.string({ error: "needs an `image`" }).min(1).max(500),
  ports: z
    .array(z.union([z.string(), z.number(), z.looseObject({ published: z.union([z.string(), z.number()]).optional() })]))
    .optional(),
});

const File = z.looseObject({ services: z.record(z.string(), z.looseObject({})) });

export interface Composed {
  readonly services: readonly { readonly name: string; readonly image: string }[];
  /** Services that publish a host port: two of them cannot run side by side, so a deploy of them blinks. */
  readonly published: readonly string[];
}

/** The release's row lists them, and a row has an end. */
const SERVICES_MOST = 200;

/** @throws Problem compose.invalid, compose.unsupported, naming the service and the place */
export function readCompose(text: string): Composed {
  // The parser compares every key with every other; `twice` does not.
  const document = parseDocument(text, { uniqueKeys: false, logLevel: "error" });
  const broken = document.errors[0]?.message.split("\n")[0] ?? twice(document);
  if (broken?.startsWith("Maximum call stack")) throw new Problem("compose.invalid", { detail: "It is nested too deeply." });
  if (broken) throw new Problem("compose.invalid", { detail: broken });
  const parsed = File.safeParse(toPlain(document));
  if (!parsed.success) throw new Problem("compose.invalid", { detail: "It needs `services:` with at least one service." });
  const names = Object.keys(parsed.data.services);
  if (names.length === 0) throw new Problem("compose.invalid", { detail: "There is no service in it." });
  if (names.length > SERVICES_MOST)
    throw new Problem("compose.unsupported", { detail: `It has ${names.length} services; ${SERVICES_MOST} is the most.` });
  if ("include" in parsed.data)
    throw new Problem("compose.unsupported", { detail: "`include` reads other files.", facts: { feature: "include" } });
  const services = Object.entries(parsed.data.services).map(([name, service]) => ({ name, ...readService(name, service) }));
  return {
    services: services.map(({ name, image }) => ({ name, image })),
    published: services.filter(({ ports }) => ports?.some(publishes)).map(({ name }) => name),
  };
}

/** What is wrong with the first mapping that has a key twice, if one has. */
function twice(document: Document): string | undefined {
  let found: string | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === "<<") continue;
        if (seen.has(key.value)) {
          found = `The key "${String(key.value).slice(0, 80)}" is there twice.`;
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

function toPlain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new Problem("compose.invalid", { detail: "It has too many aliases.", cause: error });
  }
}

function readService(name: string, given: object): z.infer<typeof Service> {
  if (!/^[a-zA-Z0-9._-]{1,100}$/.test(name))
    throw new Problem("compose.invalid", { detail: `"${name.slice(0, 80)}" cannot be the name of a service.` });
  const { build, extends: base, image, ports } = merged(given);
  if (build !== undefined)
    throw new Problem("compose.unsupported", {
      detail: `Service "${name}" is built from source. Build and push an image, and name it with \`image:\`.`,
      facts: { feature: "build", service: name },
    });
  if (typeof base === "object" && base !== null && "file" in base)
    throw new Problem("compose.unsupported", {
      detail: `Service "${name}" extends another file.`,
      facts: { feature: "extends", service: name },
    });
  const parsed = Service.safeParse({ image, ...(ports !== undefined && { ports }) });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problem("compose.invalid", {
    detail: `Service "${name}": ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim(),
  });
}

const read = ["build", "extends", "image", "ports"] as const;

/** What is read of a mapping, its own before what it takes over by `<<`. The parser would copy everything, each time. */
function merged(given: unknown, seen = new Set<unknown>()): Partial<Record<(typeof read)[number], unknown>> {
  if (typeof given !== "object" || given === null || seen.has(given)) return {};
  seen.add(given); // a mapping may take over itself
  const own = given as Record<string, unknown>;
  const from = [own["<<"]].flat().map((each) => merged(each, seen));
  const found = read.map((key) => [
    key,
    Object.hasOwn(own, key) ? own[key] : from.find((each) => each[key] !== undefined)?.[key],
  ]);
  return Object.fromEntries(found);
}

const publishes = (port: string | number | { published?: unknown }) =>
  typeof port === "object" ? port.published !== undefined : typeof port === "string" && port.includes(":");

/** Names that a release's folder on the server has already, or that lie beside the releases. */
const ours = new Set(["compose.yaml", ".env", "release.json", "releases", "current", ".berth"]);

/** A path of a bundle's file: relative, below the Compose file, not one of ours. @throws Problem input.invalid */
export function checkPath(path: string): string {
  const plain = posix.normalize(path);
  const [first = ""] = plain.split("/");
  if (
    first === ".." ||
    posix.isAbsolute(plain) ||
    plain.endsWith("/") ||
    plain === "." ||
    plain.length > 200 ||
    plain.includes("\0") ||
    ours.has(first)
  )
    throw new Problem("input.invalid", { detail: `"${path.slice(0, 80)}" is not a path below the Compose file.` });
  return plain;
}

/** Checks that no file stands where another has its folder, and none twice. @throws Problem input.invalid */
export function checkPaths(paths: readonly string[]): void {
  const files = new Set(paths);
  if (files.size < paths.length) throw new Problem("input.invalid", { detail: "Two files have the same path." });
  for (const path of paths)
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
      if (files.has(path.slice(0, end)))
        throw new Problem("input.invalid", { detail: `"${path.slice(0, end).slice(0, 80)}" is a file and a folder.` });
}
