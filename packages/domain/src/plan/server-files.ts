/** Files of the server that Compose reads before there is a container. Once it has, only their content is in what it reports. */
import { posix } from "node:path";
import { lookupIn } from "../compose/compose.ts";
import { readProject } from "../compose/merge.ts";
import { isElsewhere } from "../compose/path.ts";
import { readsOf } from "../compose/reads.ts";
import { type Bundle, sourcesOf } from "../release/release.ts";
import { path as dangersOf } from "./host-path.ts";
import type { Danger } from "./plan.ts";

/** `strict`: also what nobody but Compose can tell, in texts that are read in more than one way. */
export function serverFiles(bundle: Bundle, strict: boolean): Danger[] {
  const file = readProject(sourcesOf(bundle), lookupIn(bundle.variables));
  const odd = strict ? file.parts.filter((part) => part.odd) : [];
  return [
    ...readsOf(file).flatMap(({ service, path }) =>
      isElsewhere(path) || posix.normalize(path).startsWith("..")
        ? dangersOf(path, true).map(([setting, what]) => ({ setting, service, what }))
        : [],
    ),
    ...odd.map(({ path }) => ({ setting: "host-path" as const, service: path, what: "only Compose can tell what it reads" })),
  ];
}
