import { posix } from "node:path";
import { parseDocument } from "yaml";
import * as z from "zod";
import { Problem } from "../error.ts";

/**
 * The parts of a Compose file that decide whether and how it can be deployed. `docker compose config` on the server has the last word;
 * what can be known earlier is refused here, before anything is written.
 */
const Service = z.looseObject({
  image: z.string({ error: "needs an `image`" }).min(1),
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

/** @throws Problem compose.invalid, compose.unsupported, naming the service and the place */
export function readCompose(text: string): Composed {
  const document = parseDocument(text, { uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) throw new Problem("compose.invalid", { detail: broken.message.split("\n")[0] ?? broken.message });
  const parsed = File.safeParse(toPlain(document));
  if (!parsed.success) throw new Problem("compose.invalid", { detail: "It needs `services:` with at least one service." });
  const services = Object.entries(parsed.data.services);
  if (services.length === 0) throw new Problem("compose.invalid", { detail: "There is no service in it." });
  if ("include" in parsed.data)
    throw new Problem("compose.unsupported", { detail: "`include` reads other files.", facts: { feature: "include" } });
  return {
    services: services.map(([name, service]) => ({ name, image: readService(name, service).image })),
    published: services.filter(([name, service]) => readService(name, service).ports?.some(publishes)).map(([name]) => name),
  };
}

function toPlain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new Problem("compose.invalid", { detail: "It has too many aliases.", cause: error });
  }
}

function readService(name: string, service: object): z.infer<typeof Service> {
  if ("build" in service)
    throw new Problem("compose.unsupported", {
      detail: `Service "${name}" is built from source. Build and push an image, and name it with \`image:\`.`,
      facts: { feature: "build", service: name },
    });
  if ("extends" in service && typeof service.extends === "object" && service.extends !== null && "file" in service.extends)
    throw new Problem("compose.unsupported", {
      detail: `Service "${name}" extends another file.`,
      facts: { feature: "extends", service: name },
    });
  const parsed = Service.safeParse(service);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Problem("compose.invalid", {
    detail: `Service "${name}": ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim(),
  });
}

const publishes = (port: string | number | { published?: unknown }) =>
  typeof port === "object" ? port.published !== undefined : typeof port === "string" && port.includes(":");

/** A path of a bundle's file: relative, below the Compose file, not one of ours. @throws Problem input.invalid */
export function checkPath(path: string): string {
  const plain = posix.normalize(path);
  const ours = ["compose.yaml", ".env", "release.json"];
  if (
    plain.startsWith("..") ||
    posix.isAbsolute(plain) ||
    plain.includes("\0") ||
    plain === "." ||
    plain.length > 200 ||
    ours.includes(plain)
  )
    throw new Problem("input.invalid", { detail: `"${path.slice(0, 80)}" is not a path below the Compose file.` });
  return plain;
}
