/** Files of the server that Compose reads before there is a container. Once it has, only their content is in what it reports. */
import { posix } from "node:path";
import { lookupIn } from "../compose/compose.ts";
import { isFields } from "../compose/file.ts";
import { readProject } from "../compose/merge.ts";
import { isElsewhere } from "../compose/path.ts";
import { type Bundle, sourcesOf } from "../release/release.ts";
import { path as dangersOf } from "./host-path.ts";
import type { Danger } from "./plan.ts";

export function serverFiles(bundle: Bundle): Danger[] {
  const { services, reads } = readProject(sourcesOf(bundle), lookupIn(bundle.variables));
  const named = [...services].flatMap(([service, { env_file, label_file }]) =>
    [...env_file, ...label_file].map((each) => ({ service, path: String(isFields(each) ? each.path : each) })),
  );
  const included = reads.map(({ by, path }) => ({ service: by.replace(/^service /, ""), path }));
  return [...named, ...included].flatMap(({ service, path }) =>
    isElsewhere(path) || posix.normalize(path).startsWith("..")
      ? dangersOf(path, true).map(([setting, what]) => ({ setting, service, what }))
      : [],
  );
}
