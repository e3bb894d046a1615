/** Images that keep data: which they are, of which version, and where they keep it. */
import { type KnownDatabase, knownDatabase } from "../compose/database.ts";
import type { Service } from "./resolved.ts";

export interface Database {
  readonly name: string;
  /** What the image's maker calls a major version, like `16` or, for MySQL, `8.0`; undefined if the tag does not say. */
  readonly major: string | undefined;
  readonly isAlpine: boolean;
  /** The folder that has to be on a volume. */
  readonly path: string;
  /** Whether another major version reads its data: never, only a newer one, which changes it for good, or always. */
  readonly reads: KnownDatabase["reads"];
  /** What it is called when it only keeps things for a while, unless it is told to write them down. */
  readonly isCache: boolean;
}

/** By the image's name: `image` is given where the file names it by its id. */
export function databaseOf(service: Service, image = service.image ?? ""): Database | undefined {
  const found = knownDatabase(image);
  if (!found) return undefined;
  const { major, tag } = found;
  return {
    name: found.name,
    major,
    isAlpine: /alpine/.test(tag),
    path: pathOf(service, found),
    reads: found.reads,
    isCache: found.name === "Redis" && !/--(appendonly|save)\b/.test((service.command ?? []).join(" ")),
  };
}

function pathOf({ environment }: Service, { name, path, major }: KnownDatabase): string {
  if (name !== "PostgreSQL" || path.startsWith("/bitnami")) return path;
  const set = environment?.PGDATA;
  if (typeof set === "string" && set.startsWith("/")) return set;
  // From 18 on it keeps its data in /var/lib/postgresql/<major>/docker.
  return Number(major) >= 18 ? `/var/lib/postgresql/${major}/docker` : path;
}
